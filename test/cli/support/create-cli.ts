import { CompiledProgram, type RunOptions } from './compiled-program.js';
import type { Ended, RunningProgram } from './running-program.js';
import { createTestRegistry, type TestRegistry } from '../../support/create-test-registry.js';

/** The program over a database and a folder of the test file's own, configured by a file that closes what it opened. */
export class TestCli {
  constructor(
    readonly registry: TestRegistry,
    readonly program: CompiledProgram,
    private readonly folder: string,
  ) {}

  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.program.run(args, { folder: this.folder, ...options });
  }

  start(args: readonly string[], options: RunOptions = {}): RunningProgram {
    return this.program.start(args, { folder: this.folder, ...options });
  }

  /** What says the same without a file. */
  get environment(): Record<string, string> {
    return {
      DATABASE_URL: this.registry.database.connectionString,
      FILE_REGISTRY_STORAGE_MEDIA: `file://${this.registry.media.path}`,
      FILE_REGISTRY_GRACE_PERIOD_MS: '86400000',
      FILE_REGISTRY_UNATTACHED_TTL_MS: '86400000',
    };
  }
}

/** Call it at a test file's top level. */
export async function createCli(): Promise<TestCli> {
  const registry = await createTestRegistry();
  const program = await CompiledProgram.create();
  const { connectionString } = registry.database;
  const folder = program.folder('project', {
    'file-registry.config.js': `
      import { localStorage } from 'nestjs-file-registry';
      import { Pool } from 'pg';
      const pool = new Pool({ connectionString: ${JSON.stringify(connectionString)} });
      export default {
        database: pool,
        storages: { media: localStorage({ root: ${JSON.stringify(registry.media.path)} }) },
        close: () => pool.end(),
      };`,
  });
  return new TestCli(registry, program, folder);
}
