import { Controller, Delete, Get, HttpCode, Inject, Param, ParseIntPipe, Req, Res } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { type HttpRequest, type HttpResponse, sendFile } from 'nestjs-file-registry/http';
import { Articles } from './articles.js';

/** The routes that are the same on Express and on Fastify. */
@Controller('articles')
export class CoversController {
  constructor(
    @Inject(Articles) private readonly articles: Articles,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  @Get(':id/cover')
  async download(
    @Param('id', ParseIntPipe) id: number,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ) {
    return sendFile(this.files, await this.articles.cover(id), request, response);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseIntPipe) id: number): Promise<void> {
    await this.articles.remove(id);
  }
}
