import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

const titleMaxLength = 100;

/** By the time it looks at the form's fields the upload is stored. */
@Injectable()
export class TitlePipe implements PipeTransform<unknown, string> {
  transform(title: unknown): string {
    if (typeof title !== 'string' || title.trim() === '' || title.length > titleMaxLength) {
      throw new BadRequestException(`A title has 1 to ${titleMaxLength} characters.`);
    }
    return title;
  }
}
