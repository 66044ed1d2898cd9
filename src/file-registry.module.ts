import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { openRegistryDatabase } from './database/open-registry-database.js';
import { RegistryDatabase } from './database/registry-database.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './file-registry.module-definition.js';
import { FileHookExplorer } from './hooks/file-hook-explorer.js';
import { RESOLVED_OPTIONS } from './options/options-token.js';
import { resolveOptions } from './options/resolve-options.js';
import { FileImporter } from './import/file-importer.js';
import { OutboxProcessor } from './outbox/outbox-processor.js';
import { ProcessorSchedule } from './outbox/processor-schedule.js';
import { FileReconciler } from './reconcile/file-reconciler.js';
import { FileRegistry } from './registry/file-registry.js';
import { TelemetryWatch } from './telemetry/telemetry-watch.js';

/**
 * Provides `FileRegistry`, `OutboxProcessor` and `FileReconciler`. Configure it with `forRoot(options)` or
 * `forRootAsync({ inject, useFactory })`; `isGlobal: true` among the options makes them available everywhere.
 *
 * ```ts
 * FileRegistryModule.forRootAsync({
 *   inject: [DATABASE],
 *   useFactory: (database: Kysely<Database>) => ({
 *     database,
 *     storages: { media: localStorage({ root: './media' }) },
 *   }),
 * })
 * ```
 *
 * The application does not start with an option that is wrong, a schema that is behind, or a storage that cannot be used.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: RESOLVED_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveOptions },
    { provide: RegistryDatabase, inject: [RESOLVED_OPTIONS], useFactory: openRegistryDatabase },
    FileRegistry,
    FileImporter,
    FileHookExplorer,
    OutboxProcessor,
    FileReconciler,
    ProcessorSchedule,
    TelemetryWatch,
  ],
  exports: [FileRegistry, FileImporter, OutboxProcessor, FileReconciler],
})
export class FileRegistryModule extends ConfigurableModuleClass {}
