import type { FileRegistryOptions } from '../../options/file-registry-options.js';

/**
 * What `file-registry.config.js` exports as its default, or what a function that it exports answers: the options of the module,
 * and beside them what only the program needs. Commands that touch the database alone need no `storages`.
 */
export interface FileRegistryConfig extends Partial<FileRegistryOptions> {
  /**
   * The application's module for `work` and `drain`: the class, or a function that imports it, so that other commands do not load the
   * application.
   */
  readonly module?: object | (() => object | Promise<object>);

  /** Ends what the file opened, such as its pool. Called once, when the command is done. */
  readonly close?: () => void | Promise<void>;
}
