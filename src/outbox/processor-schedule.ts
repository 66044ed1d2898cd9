import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { SchedulerMissingError } from '../errors/scheduler-missing-error.js';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { NO_SCHEDULE } from './no-schedule.js';
import { OutboxProcessor } from './outbox-processor.js';

/** Registries of one application that share a schema; each has an interval of its own. */
const registriesMax = 100;

/**
 * Runs the processor on an interval of the application's `SchedulerRegistry`. The library never imports
 * `ScheduleModule.forRoot()` itself: imported by both, it would double every tick of the application.
 */
@Injectable()
export class ProcessorSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  private scheduler: SchedulerRegistry | undefined;
  private intervalName: string | undefined;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(OutboxProcessor) private readonly processor: OutboxProcessor,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.options.processor.enabled || this.isDrivenByOthers()) {
      return;
    }
    this.scheduler = this.findScheduler();
    this.intervalName = this.freeName(this.scheduler);
    const interval = setInterval(() => void this.processor.tick(), this.options.processor.intervalMs);
    this.scheduler.addInterval(this.intervalName, interval);
  }

  /** Before HTTP closes, because `@nestjs/schedule` clears its intervals later and awaits nothing. */
  async onModuleDestroy(): Promise<void> {
    if (this.scheduler && this.intervalName && this.scheduler.doesExist('interval', this.intervalName)) {
      this.scheduler.deleteInterval(this.intervalName);
    }
    await this.processor.stop();
  }

  private isDrivenByOthers(): boolean {
    try {
      return this.moduleRef.get<unknown>(NO_SCHEDULE, { strict: false }) !== undefined;
    } catch {
      return false;
    }
  }

  private findScheduler(): SchedulerRegistry {
    try {
      return this.moduleRef.get(SchedulerRegistry, { strict: false });
    } catch (cause) {
      throw new SchedulerMissingError(
        'The processor needs a schedule. Import ScheduleModule.forRoot() from @nestjs/schedule in the application, or set processor.enabled to false and call drain().',
        { cause },
      );
    }
  }

  private freeName(scheduler: SchedulerRegistry): string {
    const name = `file-registry:${this.options.schema}`;
    for (let number = 1; number <= registriesMax; number++) {
      const numbered = number === 1 ? name : `${name}:${number}`;
      if (!scheduler.doesExist('interval', numbered)) {
        return numbered;
      }
    }
    return `${name}:${registriesMax + 1}`;
  }
}
