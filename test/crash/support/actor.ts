/**
 * A process of the play. It loads everything, says that it is ready, and then waits to be told which role to take: so the
 * death of one can be followed by the next without a pause.
 */
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, OutboxProcessor } from 'nestjs-file-registry';
import { Pool } from 'pg';
import type { ActorMessage, ActorReply } from './actor-messages.js';
import { AppendOnlyFile } from './append-only-file.js';
import { leaseMs, periods, places } from './arena.js';
import type { JournalLine } from './journal.js';
import { JournalingStorage } from './journaling-storage.js';
import { Random } from './random.js';
import { StorageDice } from './storage-dice.js';
import { Writer } from './writer.js';

const loopsPerWriter = 4;
const articlesPerLoop = 5;

let leaving = false;
let hushed = false;
let busy = 0;
let dice: StorageDice | undefined;

process.once('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; whoever runs the play ends its processes.
process.on('SIGINT', () => undefined);
process.on('message', (message: ActorMessage) => {
  switch (message.verb) {
    case 'play':
      void play(message).then(
        () => process.exit(),
        (error: unknown) => {
          console.error(`${message.name} ended:`, error);
          process.exit(1);
        },
      );
      break;
    case 'weather':
      if (dice !== undefined) dice.badWeather = message.bad;
      break;
    case 'hush':
      hushed = message.hushed;
      if (hushed) void sayWhenQuiet();
      break;
    case 'leave':
      leaving = true;
      hushed = false;
  }
});
reply('ready');

async function play({ role, name, arena }: ActorMessage & { verb: 'play' }): Promise<void> {
  const random = new Random(`${arena.seed} ${name}`);
  dice = new StorageDice(new Random(`${arena.seed} ${name} storage`), arena.script.lateAnswers);
  const journal = new AppendOnlyFile<JournalLine>(places(arena.folder).journal, name);
  const pool = new Pool({
    connectionString: arena.connectionString,
    application_name: name,
    max: loopsPerWriter + 3,
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', () => undefined);
  // A connection that breaks while it is in use says so beside the query's error, which would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  const app = await NestFactory.createApplicationContext(
    FileRegistryModule.forRoot({
      database: pool,
      storages: { media: new JournalingStorage(arena.folder, name, dice) },
      // It may well start while the server is down.
      migrate: 'off',
      ...periods,
      processor: {
        enabled: false,
        batchSize: 5,
        leaseMs,
        maxAttempts: 5,
        backoffBaseMs: 20,
        backoffMaxMs: 200,
        sweepIntervalMs: 300,
        shutdownTimeoutMs: 3_000,
      },
    }),
    { logger: new ErrorsOnly(journal), abortOnError: false },
  );
  if (role === 'worker') {
    const processor = app.get(OutboxProcessor);
    while (!leaving) {
      await processor.tick();
      await pause(random.between(20, 120));
    }
  } else {
    const place = name.split('#')[0];
    await Promise.all(
      Array.from({ length: loopsPerWriter }, async (_, loop) => {
        const articles = Array.from({ length: articlesPerLoop }, (__, index) => `${place}-${loop}-${index}`);
        const writer = new Writer(
          app.get(FileRegistry),
          pool,
          journal,
          new Random(`${arena.seed} ${name} ${loop}`),
          arena.script,
          articles,
        );
        while (!leaving) {
          if (!hushed) {
            busy++;
            await writer.turn();
            busy--;
          } else {
            await pause(10);
          }
        }
      }),
    );
  }
  await app.close();
  await pool.end();
}

/** What the processor could not do goes into the journal, beside what writers were told. */
class ErrorsOnly implements LoggerService {
  constructor(private readonly journal: AppendOnlyFile<JournalLine>) {}

  log(): void {}

  warn(): void {}

  error(message: unknown): void {
    this.journal.append({ op: 'error', message: `processor: ${String(message)}` });
  }
}

async function sayWhenQuiet(): Promise<void> {
  while (busy > 0) await pause(5);
  reply('quiet');
}

function reply(message: ActorReply): void {
  process.send?.(message);
}
