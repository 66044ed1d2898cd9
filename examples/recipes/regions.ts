import { type DynamicModule, Module } from '@nestjs/common';
import { FileRegistry, FileRegistryModule, type FileRegistryOptions } from 'nestjs-file-registry';

/**
 * A registry for each database of the application, injected as `@Inject(filesOfRegion('eu'))`. Each has storages of its own: no
 * registry knows of the files of another.
 */
@Module({})
export class RegionModule {
  static forRoot(region: string, options: FileRegistryOptions): DynamicModule {
    const token = filesOfRegion(region);
    return {
      module: RegionModule,
      imports: [FileRegistryModule.forRoot(options)],
      providers: [{ provide: token, useExisting: FileRegistry }],
      exports: [token],
    };
  }
}

export const filesOfRegion = (region: string): symbol => Symbol.for(`files of ${region}`);
