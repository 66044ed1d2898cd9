import { Logger } from '@nestjs/common';
import type { RegistryDatabase } from '../database/registry-database.js';
import { FileRegistryError } from '../errors/file-registry-error.js';

/** What `track_new_partitions` answers. */
interface Answer {
  readonly added: number;
  readonly leftOut: number;
}

/**
 * Hangs the trigger for TRUNCATE on partitions of tracked tables that came since the last sweep: the others are inherited, this one
 * is not. What fails is told once and tried again with every sweep.
 */
export class PartitionKeeper {
  private readonly logger = new Logger('FileRegistry');
  private told = '';

  constructor(private readonly database: RegistryDatabase) {}

  async sweep(): Promise<void> {
    const problem = await this.database.step<Answer>('track_new_partitions', []).then(
      ({ leftOut }) =>
        leftOut === 0
          ? ''
          : `New partitions of ${leftOut} tracked column(s) could not be given their TRUNCATE trigger: they are being written, or the registry's owner may not create triggers on them`,
      (error: unknown) => {
        if (error instanceof FileRegistryError && !error.retryable) {
          return error.message;
        }
        throw error;
      },
    );
    if (problem !== '' && problem !== this.told) {
      this.logger.warn(
        `${problem}. Truncating such a partition by itself would leave its files; it is tried again.`,
      );
    }
    this.told = problem;
  }
}
