import { type DynamicModule, Module } from '@nestjs/common';
import { MultipartModule } from '@nestjs/platform-fastify/multipart';
import { FileRegistry } from 'nestjs-file-registry';
import { uploadStorage } from 'nestjs-file-registry/http';
import { CoreModule, type HttpSettings } from '../core.module.js';
import { UploadsController } from './uploads.controller.js';

@Module({})
export class FastifyAppModule {
  static forRoot(settings: HttpSettings): DynamicModule {
    return {
      module: FastifyAppModule,
      imports: [
        CoreModule.forRoot(settings),
        MultipartModule.registerAsync({
          inject: [FileRegistry],
          useFactory: (files: FileRegistry) => ({
            storage: uploadStorage(files),
            // Browsers send names in UTF-8 and do not say so.
            defParamCharset: 'utf8',
            limits: { fileSize: settings.uploadMaxBytes, files: 1, fields: 10 },
          }),
        }),
      ],
      controllers: [UploadsController],
    };
  }
}
