import type { StoreOptions } from './store-options.js';

/** What is known about an object that lies in storage already. */
export interface AdoptOptions extends Pick<
  StoreOptions,
  'filename' | 'contentType' | 'storage' | 'metadata' | 'signal'
> {
  /** The object's version where the storage keeps versions. */
  readonly versionId?: string | undefined;
}
