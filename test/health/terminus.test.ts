import type { AddressInfo } from 'node:net';
import { Controller, Get, Inject, type INestApplication, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, InvalidOptionError, OutboxProcessor } from 'nestjs-file-registry';
import {
  FileRegistryHealthIndicator,
  type FileRegistryHealthThresholds,
} from 'nestjs-file-registry/terminus';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ gracePeriodMs: 0, unattachedTtlMs: 60 * 60 * 1000 });
const { pool } = registry;

let thresholds: FileRegistryHealthThresholds = {};

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(FileRegistryHealthIndicator) private readonly files: FileRegistryHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.files.isHealthy('files', { maxAgeMs: 0, ...thresholds })]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [FileRegistryHealthIndicator],
})
class HealthModule {}

// The web process of an application, over the same database, on a pool that can be taken away.
const app: INestApplication = (
  await Test.createTestingModule({
    imports: [
      HealthModule,
      FileRegistryModule.forRoot({
        isGlobal: true,
        database: registry.database.kysely({ max: 2 }),
        storages: { media: memoryStorage() },
        gracePeriodMs: 0,
        unattachedTtlMs: 60 * 60 * 1000,
        processor: { enabled: false },
      }),
    ],
  }).compile()
).createNestApplication();
await app.listen(0, '127.0.0.1');
afterAll(() => app.close());
const processor = app.get(OutboxProcessor);

async function probe(given: FileRegistryHealthThresholds = {}) {
  thresholds = given;
  const { port } = app.getHttpServer().address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  const body = (await response.json()) as { details: { files: Record<string, unknown> } };
  return { httpStatus: response.status, ...body.details.files };
}

/** `count` files that nothing refers to, due for an hour. */
async function due(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await registry.store();
  await registry.passTime('2 hours');
}

beforeEach(async () => {
  await pool.query('set local session_replication_role = replica; delete from file_registry.deletions');
  await registry.passTime('2 hours');
  await registry.processor.drain();
});

test('a registry that has nothing to do is up, with its figures', async () => {
  await registry.store();
  expect(await probe()).toEqual({
    httpStatus: 200,
    status: 'up',
    problems: [],
    due: 0,
    waiting: 1,
    oldestDueAgeMs: null,
    pendingDeletions: 0,
    oldestDeletionDueAgeMs: null,
    stuck: 0,
    pausedAt: null,
    own: true,
  });
});

test('an intent that has been due for too long takes it down, one that is not due yet never', async () => {
  await registry.store();
  await registry.passTime('50 minutes');
  expect(await probe({ maxOldestDueMs: 0 })).toMatchObject({ status: 'up', due: 0, waiting: 1 });

  await registry.passTime('70 minutes');
  expect(await probe()).toMatchObject({
    httpStatus: 503,
    status: 'down',
    problems: ['late'],
    due: 1,
    message: expect.stringMatching(/due for 36\d\d\d\d\d ms, more than 900000/),
  });
  expect(await probe({ maxOldestDueMs: 2 * 60 * 60 * 1000 })).toMatchObject({ status: 'up', due: 1 });

  await registry.processor.drain();
  expect(await probe()).toMatchObject({ status: 'up', due: 0 });
});

test('a deletion that nobody claims is late as well', async () => {
  const file = await registry.store();
  await pool.query('delete from file_registry.files where id = $1', [file.id]);
  await registry.passTime('30 minutes');
  expect(await probe()).toMatchObject({ problems: ['late'], due: 0, pendingDeletions: 1 });
});

test('stuck deletions are told apart from what is only slow', async () => {
  const files = [await registry.store(), await registry.store()];
  await pool.query('delete from file_registry.files where id = any($1)', [files.map(({ id }) => id)]);
  await pool.query(
    `update file_registry.deletions set next_attempt_at = 'infinity', last_error = 'secret' where state = 'condemned'`,
  );

  const stuck = await probe();
  expect(stuck).toMatchObject({ status: 'down', problems: ['stuck'], stuck: 2, pendingDeletions: 0 });
  expect(JSON.stringify(stuck)).not.toContain('secret');
  expect(await probe({ maxStuck: 2 })).toMatchObject({ status: 'up', stuck: 2 });
  expect(await probe({ maxStuck: 1 })).toMatchObject({ status: 'down' });
});

test('a backlog counts only where a limit is given', async () => {
  await due(3);
  expect(await probe({ maxOldestDueMs: 10 ** 9 })).toMatchObject({ status: 'up', due: 3 });
  expect(await probe({ maxOldestDueMs: 10 ** 9, maxBacklog: 3 })).toMatchObject({ status: 'up' });
  expect(await probe({ maxOldestDueMs: 10 ** 9, maxBacklog: 2 })).toMatchObject({ problems: ['backlog'] });
});

test('a pause is down unless it is allowed', async () => {
  await processor.pause();
  expect(await probe()).toMatchObject({ problems: ['paused'], pausedAt: expect.stringMatching(/^20/) });
  expect(await probe({ allowPaused: true })).toMatchObject({ status: 'up', problems: [] });
  await processor.resume();
  expect(await probe()).toMatchObject({ status: 'up' });
});

test('a copy of another database is down unless it is allowed, and a probe changes nothing', async () => {
  await pool.query(`update file_registry.settings set identity = '{"databaseOid": 1, "environment": null}'`);
  expect(await probe()).toMatchObject({ problems: ['foreign'], own: false });
  expect(await probe({ allowForeign: true })).toMatchObject({ status: 'up', own: false });

  await pool.query('update file_registry.settings set identity = null');
  expect(await probe()).toMatchObject({ status: 'up', own: true });
  expect((await pool.query('select identity from file_registry.settings')).rows).toEqual([
    { identity: null },
  ]);
});

test('everything that is wrong is said at once', async () => {
  await due(1);
  await processor.pause();
  expect(await probe({ maxBacklog: 0 })).toMatchObject({ problems: ['paused', 'late', 'backlog'] });
  await processor.resume();
});

test('a database that is away is down, without a word of where it is', async () => {
  await registry.database.allowConnections(false);
  try {
    await registry.database.disconnectAll();
    const away = await probe();
    expect(away).toMatchObject({
      httpStatus: 503,
      status: 'down',
      problems: ['database'],
      code: expect.stringMatching(/^DATABASE_/),
    });
    expect(JSON.stringify(away)).not.toContain(registry.database.name);
  } finally {
    await registry.database.allowConnections(true);
  }
  expect(await probe()).toMatchObject({ status: 'up' });
});

test('a database that does not answer is down after the time limit', async () => {
  const session = await registry.database.begun();
  await session.query('lock table file_registry.settings in access exclusive mode');
  // The step gives up by itself after lock_timeout; the probe does not wait for that.
  expect(await probe({ timeoutMs: 10 })).toMatchObject({ problems: ['database'], code: 'TIMEOUT' });
  await session.query('rollback');
});

test('probes within maxAgeMs share one question', async () => {
  const indicator = app.get(FileRegistryHealthIndicator);
  expect(await probe()).toMatchObject({ waiting: 0 });
  await registry.store();
  expect(await indicator.isHealthy('files', { maxAgeMs: 60_000 })).toMatchObject({ files: { waiting: 0 } });
  expect(await indicator.isHealthy('files', { maxAgeMs: 0 })).toMatchObject({ files: { waiting: 1 } });
});

test.for<[FileRegistryHealthThresholds, string]>([
  [{ maxOldestDueMs: -1 }, 'maxOldestDueMs: expected a whole number'],
  [{ maxStuck: 1.5 }, 'maxStuck: expected a whole number'],
  [{ maxBacklog: 100_000 }, 'maxBacklog: expected a whole number from 0 to 99999'],
  [{ maxAgeMs: Infinity }, 'maxAgeMs: expected'],
  [{ timeoutMs: 0 }, 'timeoutMs: expected'],
  [{ allowPaused: 'yes' as never }, 'allowPaused: expected true or false'],
  [{ allowForeign: 1 as never }, 'allowForeign: expected true or false'],
  [null as never, 'thresholds: expected an object'],
])('%j is refused by name', async ([wrong, message]) => {
  const answer = app.get(FileRegistryHealthIndicator).isHealthy('files', wrong);
  await expect(answer).rejects.toThrow(InvalidOptionError);
  await expect(answer).rejects.toThrow(message);
});
