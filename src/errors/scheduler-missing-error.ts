import { FileRegistryError } from './file-registry-error.js';

/** The processor is enabled, but `ScheduleModule.forRoot()` is not imported by the application. */
export class SchedulerMissingError extends FileRegistryError {
  readonly code = 'SCHEDULER_MISSING';
  readonly kind = 'usage';
}
