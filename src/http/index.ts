export { DiscardUploadsInterceptor } from './discard-uploads-interceptor.js';
export type { Disposition } from './safe-disposition.js';
export { FileRegistryExceptionFilter } from './file-registry-exception-filter.js';
export { httpExceptionOf } from './http-exception-of.js';
export type { HttpRequest, HttpResponse } from './http-message.js';
export { sendFile } from './send-file.js';
export type { SendFileOptions } from './send-file.js';
export { uploadStorage } from './upload-storage.js';
export type { IncomingUpload, StoredUpload, UploadStorage, UploadStorageOptions } from './upload-storage.js';
