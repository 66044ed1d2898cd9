import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, from, mergeMap, type Observable, throwError } from 'rxjs';
import { FileRegistry } from '../registry/file-registry.js';
import type { StoredUpload } from './upload-storage.js';

interface UploadRequest {
  readonly file?: Partial<StoredUpload>;
  readonly files?:
    readonly Partial<StoredUpload>[] | Readonly<Record<string, readonly Partial<StoredUpload>[]>>;
}

/**
 * Where a handler fails, or a pipe refuses the form, the uploads that came with it go at once and not only after
 * `unattachedTtlMs`. What was attached all the same, in a transaction that was committed, stays.
 *
 * ```ts
 * @Post()
 * @UseInterceptors(FileInterceptor('cover'), DiscardUploadsInterceptor)
 * publish(@Body('title', TitlePipe) title: string, @UploadedFile() cover: StoredUpload) { … }
 * ```
 */
@Injectable()
export class DiscardUploadsInterceptor implements NestInterceptor {
  private readonly logger = new Logger('FileRegistry');

  constructor(@Inject(FileRegistry) private readonly files: FileRegistry) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    // As a global interceptor it is asked for messages, too. What they bring is data of the sender, not uploads.
    if (context.getType() !== 'http') {
      return next.handle();
    }
    const request = context.switchToHttp().getRequest<UploadRequest>();
    return next
      .handle()
      .pipe(catchError((error) => from(this.discard(request)).pipe(mergeMap(() => throwError(() => error)))));
  }

  private async discard({ file, files = [] }: UploadRequest): Promise<void> {
    const uploads = [file, ...(Array.isArray(files) ? files : Object.values(files).flat())];
    const stored = uploads.flatMap((upload) => upload?.stored ?? []);
    try {
      if (stored.length > 0) {
        await this.files.discard(stored);
      }
    } catch (error) {
      // They go after unattachedTtlMs instead; the client is to hear of what failed first.
      this.logger.warn(`Uploads of a failed request were not discarded: ${String(error)}`);
    }
  }
}
