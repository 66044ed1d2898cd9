import { FileRegistryError } from '../../errors/file-registry-error.js';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../errors/storage-unusable-error.js';
import type { S3Place } from './s3-place.js';

const region = 'Give the client the region of the bucket.';
const credentials = 'Give the client the credentials of an identity that may use this bucket.';
const clock = "Set this machine's clock, e.g. by NTP.";

/** Our own code for an answer that is not S3's. */
const foreign = 'ForeignAnswer';

/** The storage as it is configured cannot work. */
const unusable: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Create the bucket, or correct its name.',
  InvalidBucketName: 'Correct the name of the bucket.',
  PermanentRedirect: region,
  AuthorizationHeaderMalformed: region,
  IllegalLocationConstraintException: region,
};

/**
 * What trying again does not mend. Any other code counts as passing: giving up on bytes too early leaks them, trying in vain
 * only costs a little.
 */
const refused: Readonly<Record<string, string>> = {
  AccessDenied: 'Allow the identity of the client to do this, or look at the lock on the object.',
  AllAccessDisabled: 'Look at the state of the account.',
  AccountProblem: 'Look at the state of the account.',
  InvalidAccessKeyId: credentials,
  SignatureDoesNotMatch: credentials,
  UnauthorizedAccess: credentials,
  MethodNotAllowed: 'Look at what lies under this key.',
  InvalidObjectState: 'The object is archived; restore it first.',
  KeyTooLongError: 'Use a shorter key or a shorter prefix.',
  EntityTooLarge:
    'The storage cannot hold an object of this size; raise `partSizeBytes` if it was sent in parts.',
  InvalidArgument: 'The storage does not take what was asked for.',
  InvalidRequest: 'The storage does not take what was asked for.',
  NotImplemented: 'The storage cannot do this; use another.',
};

const passing: Readonly<Record<string, string>> = {
  SlowDown: 'It asks for fewer requests; try again later.',
  RequestTimeTooSkewed: clock,
  ExpiredToken: 'Renew the credentials of the client, then try again.',
  CredentialsProviderError: 'Give the client credentials that it can load, then try again.',
  [foreign]:
    'Something between, such as a proxy, has answered in place of the storage; look at it, or try again later.',
  QuotaExceeded: 'Free some space or raise the quota, then try again.',
  ENOTFOUND: 'Correct the endpoint of the client, or try again when its name can be resolved.',
  ECONNREFUSED: 'Start the server, or correct the endpoint of the client.',
};

export interface S3FaultDetails {
  readonly place: S3Place;
  /** What was tried, to follow 'Could not'. */
  readonly doing: string;
  readonly key?: string | undefined;
}

/** The registry's error for a failed call of S3. Errors of the registry come back as they are. */
export function s3Fault(error: unknown, { place, doing, key }: S3FaultDetails): FileRegistryError {
  if (error instanceof FileRegistryError) return error;
  const code = s3Code(error);
  const status = httpStatus(error);
  const message =
    code === foreign && status !== undefined
      ? `status ${status} without a code of S3`
      : error instanceof Error
        ? error.message
        : String(error);
  const details = { context: { key, bucket: place.bucket, code, status }, cause: error };
  const subject = key === undefined ? '' : ` '${key}' in`;
  const said = message === '' || message === code ? code : `${code}: ${message}`;
  const what = `Could not ${doing}${subject} ${place.location} (${said.replace(/\.$/, '')}).`;
  if (unusable[code] !== undefined) return new StorageUnusableError(`${what} ${unusable[code]}`, details);
  if (refused[code] !== undefined) return new StorageRefusedError(`${what} ${refused[code]}`, details);
  return new StorageUnavailableError(`${what} ${passing[code] ?? 'Try again later.'}`, details);
}

/**
 * S3's code, e.g. `NoSuchKey`, or Node's, e.g. `ECONNREFUSED`. An answer whose body has no code is not S3's, whatever its status:
 * a proxy's 403 must not pass for a refusal nor its 404 for an absent object, so its code is `ForeignAnswer`.
 */
export function s3Code(error: unknown): string {
  const { name, Code, code } = (error ?? {}) as { name?: unknown; Code?: unknown; code?: unknown };
  const known = [Code, name, code].find((text) => typeof text === 'string' && text in codes);
  if (typeof known === 'string') return known;
  if (typeof (Code ?? code) !== 'string' && httpStatus(error) !== undefined) return foreign;
  return String([Code, code, name].find((text) => typeof text === 'string' && text !== 'Error') ?? 'Error');
}

const codes = { ...unusable, ...refused, ...passing };

export function httpStatus(error: unknown): number | undefined {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

/** True where the server does not know what it was asked for. Small ones say so without a code. */
export function isUnknownCall(error: unknown): boolean {
  return [405, 501].includes(httpStatus(error) ?? 0);
}

/** True where S3 says that no such object, version or upload is there; a missing bucket is another matter. */
export function isAbsent(error: unknown): boolean {
  return /^(?:NoSuchKey|NoSuchVersion|NoSuchUpload)$/.test(s3Code(error));
}
