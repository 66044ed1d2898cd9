import { Logger } from '@nestjs/common';
import { quoteIdentifier } from '../database/quote-identifier.js';
import type { Obstacle } from './drain-result.js';

/** Says once, not at every tick, that something stands in the way, and once that it is gone. */
export class ObstacleLog {
  private readonly logger = new Logger('FileRegistry');
  private last: Obstacle | null = null;

  note(obstacle: Obstacle | null, schema: string): void {
    if (obstacle === this.last) {
      return;
    }
    this.last = obstacle;
    if (obstacle === 'foreign') {
      this.logger.warn(
        'Nothing is deleted: these rows came from another server, database or environment, whose files a deletion here could hit, ' +
          'or the right to execute pg_control_system() was given or taken since. ' +
          'If this database has replaced the original and the bytes are its own, call OutboxProcessor.takeOwnership() or ' +
          `select ${quoteIdentifier(schema)}.take_ownership(environment); if it is a copy, leave it so.`,
      );
    } else if (obstacle === 'paused') {
      this.logger.warn(
        'Nothing is deleted: the processors are paused. OutboxProcessor.resume() lets them go on.',
      );
    } else {
      this.logger.log('Deletions go on.');
    }
  }
}
