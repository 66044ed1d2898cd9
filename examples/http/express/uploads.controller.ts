import {
  Body,
  Controller,
  Inject,
  Param,
  ParseIntPipe,
  Post,
  Put,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { DiscardUploadsInterceptor, type StoredUpload } from 'nestjs-file-registry/http';
import { Articles, type PublishedArticle } from '../articles.js';
import { TitlePipe } from '../title.pipe.js';
import { UploadPipe } from '../upload.pipe.js';

@Controller('articles')
@UseInterceptors(FileInterceptor('cover'), DiscardUploadsInterceptor)
export class UploadsController {
  constructor(@Inject(Articles) private readonly articles: Articles) {}

  @Post()
  async publish(
    @Body('title', TitlePipe) title: string,
    @UploadedFile(UploadPipe) cover: StoredUpload,
  ): Promise<PublishedArticle> {
    return this.articles.publish(title, cover.stored);
  }

  @Put(':id/cover')
  async replaceCover(
    @Param('id', ParseIntPipe) id: number,
    @UploadedFile(UploadPipe) cover: StoredUpload,
  ): Promise<PublishedArticle> {
    return this.articles.replaceCover(id, cover.stored);
  }
}
