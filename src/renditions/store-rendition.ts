import type { RegistryDatabase } from '../database/registry-database.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { refuseInsideTransaction } from '../registry/ambient-transaction.js';
import { type FileContent, toReadable } from '../registry/content.js';
import type { FileArgument } from '../registry/file-argument.js';
import { findOrThrow } from '../registry/find-or-throw.js';
import { planUpload } from '../registry/plan-upload.js';
import { type StoreOptions, storeOptionNames } from '../registry/store-options.js';
import { type Rendition, toRendition } from './rendition.js';
import { formatRenditionSpec, type RenditionSpecArgument, toRenditionSpec } from './rendition-spec.js';
import { RenditionUpload } from './rendition-upload.js';

/** Stores content as an original's rendition, in the place of one that is there. */
export async function storeRendition(
  original: FileArgument,
  spec: RenditionSpecArgument,
  content: FileContent,
  given: StoreOptions,
  options: ResolvedOptions,
  database: RegistryDatabase,
): Promise<Rendition> {
  const readable = toReadable(content);
  // Nobody listens to it while the original is looked up, and its error would end the process.
  let failure: Error | undefined;
  const onError = (error: Error) => (failure = error);
  readable.once('error', onError);
  try {
    refuseInsideTransaction('storeRendition', options.transaction);
    refuseUnknownOptions(given, storeOptionNames);
    // The caller's own may be another by the time the bytes are stored.
    const checkedSpec = toRenditionSpec(spec);
    const slot = formatRenditionSpec(checkedSpec);
    const found = await findOrThrow(original, database);
    const named = given.filename ?? undefined;
    const plan = planUpload(
      {
        ...given,
        storage: given.storage ?? options.renditions.storage ?? found.storage,
        filename: named ?? found.filename ?? undefined,
        contentType: given.contentType ?? (named === undefined ? found.contentType : undefined),
      },
      options,
    );
    if (failure !== undefined) {
      throw failure;
    }
    readable.off('error', onError);
    const storage = options.storages.get(plan.storage);
    const target = { originalId: found.id, slot, token: null };
    const upload = new RenditionUpload(target, plan, storage, database, options.uploadTtlMs);
    return toRendition(await upload.run(readable), checkedSpec);
  } catch (error) {
    readable.destroy();
    throw error;
  }
}
