import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { FileRegistryOptions } from './options/file-registry-options.js';

export interface FileRegistryModuleExtras {
  /** Whether `FileRegistry` can be injected everywhere without importing the module again. Default: false. */
  readonly isGlobal?: boolean | undefined;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FileRegistryOptions>({ moduleName: 'FileRegistry' })
    .setClassMethodName('forRoot')
    .setExtras<FileRegistryModuleExtras>({ isGlobal: false }, (definition, extras) => ({
      ...definition,
      global: extras.isGlobal ?? false,
    }))
    .build();
