import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { StoredUpload } from 'nestjs-file-registry/http';

@Injectable()
export class UploadPipe implements PipeTransform<StoredUpload | undefined, StoredUpload> {
  transform(upload: StoredUpload | undefined): StoredUpload {
    if (upload === undefined) throw new BadRequestException('The form has no file in its field `cover`.');
    return upload;
  }
}
