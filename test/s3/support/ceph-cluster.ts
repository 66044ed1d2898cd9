import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

const commandMs = 120_000;
const stopMs = 5_000;
const keyFile = 'rgw/keyring';
const pools = [
  '.rgw.root',
  ...['log', 'control', 'meta', 'buckets.index', 'buckets.data', 'buckets.non-ec'].map(
    (name) => `default.rgw.${name}`,
  ),
];

/**
 * One Ceph monitor, one storage daemon that keeps its objects in memory, and the S3 gateway, all of them children of this
 * process, on loopback and in one folder.
 */
export class CephCluster {
  readonly #daemons: ChildProcess[] = [];
  #port = 0;

  constructor(private readonly folder: string) {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(accessKey: string, secret: string): Promise<void> {
    const [fsid, osd] = [randomUUID(), randomUUID()];
    const monitorPort = await freePort();
    for (const name of ['mon', 'osd', 'mgr', 'rgw']) mkdirSync(join(this.folder, name));
    writeFileSync(join(this.folder, 'ceph.conf'), configuration(this.folder, fsid, monitorPort));

    await this.#run(
      'monmaptool',
      '--create',
      '--add',
      'a',
      `127.0.0.1:${monitorPort}`,
      '--fsid',
      fsid,
      'monmap',
    );
    await this.#run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', 'monmap');
    this.#spawn('ceph-mon', '-f', '-i', 'a');
    await this.#run('ceph', 'osd', 'new', osd);
    await this.#run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
    this.#spawn('ceph-osd', '-f', '-i', '0');
    this.#spawn('ceph-mgr', '-f', '-i', 'x');
    for (const pool of pools) await this.#run('ceph', 'osd', 'pool', 'create', pool, '8');

    const name = ['-n', 'client.rgw', '--keyring', keyFile];
    const allowed = ['mon', 'osd', 'mgr'].flatMap((daemon) => [daemon, 'allow *']);
    await this.#run('ceph', 'auth', 'get-or-create', 'client.rgw', ...allowed, '-o', keyFile);
    const keys = ['--access-key', accessKey, '--secret', secret];
    await this.#run('radosgw-admin', ...name, 'user', 'create', '--uid=test', '--display-name=test', ...keys);
    this.#port = await freePort();
    const frontend = `beast endpoint=127.0.0.1:${this.#port}`;
    this.#spawn('radosgw', '-f', ...name, '--ms_mon_client_mode', 'crc', '--rgw_frontends', frontend);
    await this.#untilItAnswers();
  }

  async stop(): Promise<void> {
    // The gateway first, which would wait for the others.
    for (const daemon of this.#daemons.toReversed()) await end(daemon);
    this.kill();
  }

  /** At once, for a process that is about to exit. */
  kill(): void {
    for (const daemon of this.#daemons) daemon.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #run(program: string, ...args: string[]): Promise<void> {
    await promisify(execFile)(program, args, {
      cwd: this.folder,
      env: this.#environment,
      timeout: commandMs,
      killSignal: 'SIGKILL',
    });
  }

  #spawn(program: string, ...args: string[]): void {
    const log = openSync(join(this.folder, `${program}.out`), 'a');
    // Should this process be killed, the kernel ends the daemons; nobody else could.
    const daemon = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      cwd: this.folder,
      env: this.#environment,
      stdio: ['ignore', log, log],
      detached: true, // Ctrl-C in a terminal goes to the runner, which stops them in their order
    });
    this.#daemons.push(daemon);
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, CEPH_CONF: join(this.folder, 'ceph.conf') };
  }

  async #untilItAnswers(): Promise<void> {
    for (const deadline = Date.now() + commandMs; Date.now() < deadline; await pause(200)) {
      const gateway = this.#daemons.at(-1);
      if (gateway?.exitCode !== null) break;
      const answer = await fetch(this.endpoint, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`Ceph's gateway did not answer; see ${this.folder}/radosgw.out`);
  }
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const timer = setTimeout(() => daemon.kill('SIGKILL'), stopMs);
  await exited;
  clearTimeout(timer);
}

function configuration(folder: string, fsid: string, monitorPort: number): string {
  const settings = {
    fsid,
    mon_host: `127.0.0.1:${monitorPort}`,
    public_addr: '127.0.0.1',
    cluster_addr: '127.0.0.1',
    auth_cluster_required: 'none',
    auth_service_required: 'none',
    auth_client_required: 'none',
    ms_mon_client_mode: 'crc',
    mon_allow_pool_size_one: 'true',
    mon_warn_on_pool_no_redundancy: 'false',
    mon_max_pg_per_osd: '1000',
    osd_pool_default_size: '1',
    osd_pool_default_min_size: '1',
    osd_pool_default_pg_num: '8',
    osd_crush_chooseleaf_type: '0',
    osd_objectstore: 'memstore',
    memstore_device_bytes: String(4 * 1024 ** 3),
    mon_data: `${folder}/mon`,
    osd_data: `${folder}/osd`,
    mgr_data: `${folder}/mgr`,
    rgw_data: `${folder}/rgw`,
    run_dir: folder,
    log_file: `${folder}/$name.log`,
    admin_socket: `${folder}/$name.asok`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return ['[global]', ...lines, ''].join('\n');
}
