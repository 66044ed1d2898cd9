import { Logger } from '@nestjs/common';
import type { RegistryDatabase } from '../database/registry-database.js';
import { FileRegistryError } from '../errors/file-registry-error.js';

/** What `track_new_partitions` answers. */
interface Answer {
  readonly added: number;
  readonly leftOut: number;
  readonly broken: readonly { readonly column: string; readonly state: string }[];
}

/**
 * Hangs the trigger for TRUNCATE on partitions of tracked tables that came since the last sweep: the others are inherited, this one
 * is not. What fails, and which columns are tracked no more as they should be, is told once and looked at again with every sweep.
 */
export class PartitionKeeper {
  private readonly logger = new Logger('FileRegistry');
  private told = '';

  constructor(private readonly database: RegistryDatabase) {}

  async sweep(): Promise<void> {
    const problem = await this.database
      .step<Answer>('track_new_partitions', [])
      .then(problemOf, (error: unknown) => {
        if (error instanceof FileRegistryError && !error.retryable) {
          return `${error.message}. Truncating a new partition by itself would leave its files; it is tried again.`;
        }
        throw error;
      });
    if (problem !== '' && problem !== this.told) {
      this.logger.warn(problem);
    }
    this.told = problem;
  }
}

function problemOf({ leftOut, broken }: Answer): string {
  const problems = broken.map(
    ({ column, state }) =>
      `The tracked column ${column} is ${state}: what its rows name may be held by nobody. See trackedColumns().`,
  );
  if (leftOut > 0) {
    problems.push(
      `New partitions of ${leftOut} tracked column(s) could not be given their TRUNCATE trigger: they are being written, or the registry's owner may not create triggers on them. Truncating such a partition by itself would leave its files; it is tried again.`,
    );
  }
  return problems.join(' ');
}
