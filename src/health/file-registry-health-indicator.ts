import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { FileRegistryError } from '../errors/file-registry-error.js';
import type { OutboxHealth } from '../outbox/outbox-health.js';
import { OutboxProcessor } from '../outbox/outbox-processor.js';
import { withinTime } from '../database/within-time.js';
import type { FileRegistryHealth } from './file-registry-health.js';
import { findProblems } from './find-problems.js';
import { type FileRegistryHealthThresholds, resolveHealthThresholds } from './health-thresholds.js';

/**
 * Tells `@nestjs/terminus` whether deletions go on. For monitoring, not for what decides whether a process gets requests: a
 * stuck deletion is no reason to take an application out of service.
 *
 * ```ts
 * @Module({ imports: [TerminusModule], controllers: [HealthController], providers: [FileRegistryHealthIndicator] })
 * export class HealthModule {}
 *
 * this.health.check([() => this.files.isHealthy('files', { maxOldestDueMs: 60 * 60 * 1000 })]);
 * ```
 *
 * Needs `OutboxProcessor`, which `FileRegistryModule` exports: import that, or make it global.
 */
@Injectable()
export class FileRegistryHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(OutboxProcessor) private readonly processor: OutboxProcessor,
  ) {}

  /**
   * Up or down, with the figures. A few look-ups in indexes, once in `maxAgeMs` for however many probes; asks nothing of storages.
   *
   * @throws InvalidOptionError for a threshold that is wrong. A database that is away is an answer: down.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    thresholds: FileRegistryHealthThresholds = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const resolved = resolveHealthThresholds(thresholds);
    const indicator = this.indicators.check(key);
    let health: OutboxHealth | undefined;
    try {
      health = await withinTime(this.processor.health({ maxAgeMs: resolved.maxAgeMs }), resolved.timeoutMs);
    } catch (error) {
      const code = error instanceof FileRegistryError ? error.code : 'UNKNOWN';
      return indicator.down({ ...databaseProblem(code, 'The state of the outbox could not be read.') });
    }
    if (health === undefined) {
      return indicator.down({ ...databaseProblem('TIMEOUT', 'The database did not answer in time.') });
    }
    const found = findProblems(health, resolved);
    const problems = found.map(([problem]) => problem);
    if (found.length === 0) {
      return indicator.up({ problems, ...health });
    }
    const message = found.map(([, sentence]) => sentence).join(' ');
    return indicator.down({ problems, message, ...health });
  }
}

/** Without the error's message, which may name hosts and roles. */
function databaseProblem(code: string, message: string) {
  return { problems: ['database'], code, message } as const satisfies FileRegistryHealth;
}
