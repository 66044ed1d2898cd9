import { FileRegistryError } from './file-registry-error.js';

/** The processor was asked to work after the application had begun to shut down. */
export class ProcessorStoppedError extends FileRegistryError {
  readonly code = 'PROCESSOR_STOPPED';
  readonly kind = 'usage';
}
