import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, type FileRegistryError, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';

/** What the worker is told: to call so often for a rendition, or what its maker answers. */
export type Told = { call: number; original: string; spec: string } | { answer: string } | { fail: string };

/** What it says: that its calls are under way, that its maker was asked, and what the calls came to. */
export type Said =
  | { ready: true }
  | { called: true }
  | { asked: true }
  | { ids: string[]; errors: { code: string; context: Record<string, unknown> }[] };

const [connectionString, root = '', leaseMs = '15000'] = process.argv.slice(2);
let told = Promise.withResolvers<{ content: Buffer }>();
const say = (said: Said) => process.send?.(said);

const module = FileRegistryModule.forRoot({
  database: new Pool({ connectionString }),
  storages: { media: localStorage({ root }) },
  processor: { enabled: false },
  renditions: {
    leaseMs: Number(leaseMs),
    maker: {
      make: async () => {
        told = Promise.withResolvers();
        say({ asked: true });
        return told.promise;
      },
    },
  },
});
const app = await NestFactory.createApplicationContext(module, { logger: false });
const files = app.get(FileRegistry);

process.on('message', (message: Told) => {
  if ('answer' in message) told.resolve({ content: Buffer.from(message.answer) });
  else if ('fail' in message) told.reject(new Error(message.fail));
  else {
    const calls = Array.from({ length: message.call }, () => files.rendition(message.original, message.spec));
    say({ called: true });
    void Promise.allSettled(calls).then((outcomes) =>
      say({
        ids: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : [])),
        errors: outcomes.flatMap((outcome) => {
          if (outcome.status === 'fulfilled') return [];
          const { code, context } = outcome.reason as FileRegistryError;
          return [{ code, context }];
        }),
      }),
    );
  }
});
say({ ready: true });
