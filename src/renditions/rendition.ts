import { type StoredFile, type StoredFileJson, toStoredFile } from '../registry/stored-file.js';
import {
  kindOfRendition,
  type RenditionKind,
  type RenditionSpec,
  type RenditionSpecArgument,
  toRenditionSpec,
} from './rendition-spec.js';

/** A file that was made from another. It is read, attached and detached like every file. */
export interface Rendition extends StoredFile {
  readonly spec: RenditionSpec;
  readonly kind: RenditionKind;
}

export function toRendition(file: StoredFile | StoredFileJson, spec: RenditionSpecArgument): Rendition {
  return {
    ...toStoredFile(file as StoredFileJson),
    spec: toRenditionSpec(spec),
    kind: kindOfRendition(spec),
  };
}
