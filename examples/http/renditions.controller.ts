import { Controller, Get, Inject, NotFoundException, Param, ParseUUIDPipe, Req, Res } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { type HttpRequest, type HttpResponse, sendFile } from 'nestjs-file-registry/http';

/** The specs that may be asked for, in their canonical text. */
export const RENDITION_SPECS = Symbol('rendition specs');

@Controller('files/:id/renditions')
export class RenditionsController {
  constructor(
    @Inject(FileRegistry) private readonly files: FileRegistry,
    @Inject(RENDITION_SPECS) private readonly specs: ReadonlySet<string>,
  ) {}

  /** Made on the first request. Only what the application has named itself, or strangers could have arbitrary work done. */
  @Get(':spec')
  async show(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('spec') spec: string,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ) {
    if (!this.specs.has(spec)) throw new NotFoundException();
    const rendition = await this.files.rendition(id, spec);
    return sendFile(this.files, rendition, request, response);
  }
}
