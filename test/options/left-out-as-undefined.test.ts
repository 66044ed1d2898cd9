import type {
  AdoptOptions,
  ConfirmUploadOptions,
  CsvMapping,
  EraseOptions,
  FileHookOptions,
  FileRegistryOptions,
  GetRenditionOptions,
  ImportOptions,
  LocalStorageOptions,
  MigrateOptions,
  MoveOptions,
  OwnerTypesOptions,
  ProcessorOptions,
  ReadOptions,
  ReconcileOptions,
  ReferencesOptions,
  RenditionOptions,
  ReserveUploadOptions,
  StoreOptions,
  TrackFileColumnOptions,
  UntrackFileColumnOptions,
  UrlOptions,
  VerifyOptions,
  WarmOptions,
} from 'nestjs-file-registry';
import type { SendFileOptions, UploadStorageOptions } from 'nestjs-file-registry/http';
import type { OpenTelemetryOptions } from 'nestjs-file-registry/opentelemetry';
import type { S3StorageOptions } from 'nestjs-file-registry/s3';
import type { QualityOptions, SharpMakerOptions } from 'nestjs-file-registry/sharp';
import type { FileRegistryHealthThresholds } from 'nestjs-file-registry/terminus';
import type { MemoryStorageOptions, StorageContractOptions } from 'nestjs-file-registry/testing';
import { expectTypeOf, test } from 'vitest';

/** The names of optional members that may be left out but not be `undefined`, as exactOptionalPropertyTypes tells them apart. */
type RefusingUndefined<Options> = {
  [Name in keyof Options]-?: {} extends Pick<Options, Name>
    ? undefined extends Required<Options>[Name]
      ? never
      : Name
    : never;
}[keyof Options];

interface OptionsOf {
  adopt: AdoptOptions;
  confirmUpload: ConfirmUploadOptions;
  csvRows: CsvMapping;
  erase: EraseOptions;
  fileHook: FileHookOptions;
  forRoot: FileRegistryOptions;
  health: FileRegistryHealthThresholds;
  import: ImportOptions;
  localStorage: LocalStorageOptions;
  memoryStorage: MemoryStorageOptions;
  migrate: MigrateOptions;
  move: MoveOptions;
  openTelemetry: OpenTelemetryOptions;
  ownerTypes: OwnerTypesOptions;
  processor: ProcessorOptions;
  quality: QualityOptions;
  read: ReadOptions;
  reconcile: ReconcileOptions;
  references: ReferencesOptions;
  rendition: GetRenditionOptions;
  renditions: RenditionOptions;
  reserveUpload: ReserveUploadOptions;
  s3Storage: S3StorageOptions;
  sendFile: SendFileOptions;
  sharpMaker: SharpMakerOptions;
  storageContract: StorageContractOptions;
  store: StoreOptions;
  trackFileColumn: TrackFileColumnOptions;
  untrackFileColumn: UntrackFileColumnOptions;
  uploadStorage: UploadStorageOptions;
  url: UrlOptions;
  verify: VerifyOptions;
  warm: WarmOptions;
}

test('whatever may be left out may be undefined as well', () => {
  expectTypeOf<{ [Of in keyof OptionsOf]: RefusingUndefined<OptionsOf[Of]> }[keyof OptionsOf]>().toBeNever();
});
