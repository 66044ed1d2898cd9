import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  OutboxProcessor,
} from 'nestjs-file-registry';

export interface OpenRegistry extends AsyncDisposable {
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
}

@Module({})
class BenchModule {}

/** The module as an application boots it; without a schedule unless the options ask for one. */
export async function openRegistry(options: FileRegistryOptions): Promise<OpenRegistry> {
  const scheduled = options.processor?.enabled === true;
  const application = await NestFactory.createApplicationContext(
    {
      module: BenchModule,
      imports: [
        ...(scheduled ? [ScheduleModule.forRoot()] : []),
        FileRegistryModule.forRoot({ ...options, processor: { enabled: false, ...options.processor } }),
      ],
    },
    { logger: ['error', 'warn'] },
  );
  return {
    files: application.get(FileRegistry),
    processor: application.get(OutboxProcessor),
    [Symbol.asyncDispose]: () => application.close(),
  };
}
