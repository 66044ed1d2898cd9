import type { StorageDeleteError } from '../storage.js';

/** One key, or one version of it, on its way through a deletion. */
export interface DeletionTask {
  readonly key: string;
  readonly objectKey: string;
  readonly versionId: string | undefined;
  readonly abandoned: boolean;
  /** S3's bulk delete cannot carry the key, or said nothing about it. */
  alone: boolean;
}

/** What became of one task. Only `gone` was confirmed by the server. */
export type TaskOutcome =
  | { readonly type: 'gone' }
  /** The bucket keeps versions: a delete marker hides the object, whose bytes are still there. */
  | { readonly type: 'marked' }
  /** The answer does not mention it. */
  | { readonly type: 'silent' }
  | { readonly type: 'failed'; readonly error: StorageDeleteError };

/** Control characters and noncharacters are no XML, and what XML takes for a line break comes back as another. */
const notForXml = /[\p{Cc}\p{Noncharacter_Code_Point}\u2028\u2029]/u;

export function needsCallOfItsOwn(objectKey: string): boolean {
  return notForXml.test(objectKey);
}
