import { inspect } from 'node:util';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { RenditionBusyError } from '../errors/rendition-busy-error.js';
import { RenditionFailedError } from '../errors/rendition-failed-error.js';
import { RenditionLimitError } from '../errors/rendition-limit-error.js';

/** Which rendition: its original's id and the canonical text of its spec. */
export interface RenditionName {
  readonly originalId: string;
  readonly slot: string;
}

/** Why making failed, as all who wait are told of it. */
export interface RenditionFailure {
  /** The code of the maker's error, where that is one of the registry's. */
  readonly code?: string | undefined;
  readonly message: string;
}

const messageMax = 1000;

export function toRenditionFailure(error: unknown): RenditionFailure {
  return {
    code: error instanceof FileRegistryError ? error.code : undefined,
    // PostgreSQL stores neither NUL nor half a surrogate pair.
    message: messageOf(error).slice(0, messageMax).toWellFormed().replaceAll('\0', ''),
  };
}

/** Whatever was thrown: makers can throw what has no message, or none that can be read. */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === 'string' ? message : inspect(message, { depth: 1 });
  } catch {
    return 'an error that cannot be read.';
  }
}

export function renditionFailed(
  { originalId, slot }: RenditionName,
  { code, message }: RenditionFailure,
  cause?: unknown,
): RenditionFailedError {
  return new RenditionFailedError(
    `Rendition ${slot} of file ${originalId} could not be made: ${message} Mend that, or ask again after a while: a failure is remembered for failureTtlMs.`,
    { cause, context: { fileId: originalId, spec: slot, ...(code === undefined ? {} : { code }), message } },
  );
}

export function renditionBusy({ originalId, slot }: RenditionName, why: string): RenditionBusyError {
  return new RenditionBusyError(
    `Rendition ${slot} of file ${originalId} is not there yet: ${why}. Ask again.`,
    {
      context: { fileId: originalId, spec: slot },
    },
  );
}

export function renditionLimit(
  { originalId, slot }: RenditionName,
  limit: 'depth' | 'count',
): RenditionLimitError {
  const why =
    limit === 'depth'
      ? 'renditions of renditions go 16 deep and no deeper. Make it from the first original'
      : 'the original has 1,000 of them. Delete some first';
  return new RenditionLimitError(`Rendition ${slot} of file ${originalId} cannot be added: ${why}.`, {
    context: { fileId: originalId, spec: slot, limit },
  });
}
