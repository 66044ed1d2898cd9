import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { OutboxProcessor } from '../outbox/outbox-processor.js';

/** Lets telemetry ask for the state of the outbox while the application is up. */
@Injectable()
export class TelemetryWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private end: (() => void) | undefined;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(OutboxProcessor) private readonly processor: OutboxProcessor,
  ) {}

  onApplicationBootstrap(): void {
    const { schema, telemetry } = this.options;
    this.end = telemetry?.watch({ schema, health: (options) => this.processor.health(options) });
  }

  onModuleDestroy(): void {
    this.end?.();
  }
}
