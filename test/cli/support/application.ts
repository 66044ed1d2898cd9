import { Injectable, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AfterFileDelete, type FileDeletion, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env['APP_DATABASE'] });

/** Says on stdout, where it does not belong, that the application was there. */
@Injectable()
class Announcer implements OnModuleInit, OnModuleDestroy {
  onModuleInit(): void {
    console.log('the announcer is there');
  }

  @AfterFileDelete()
  noteDeleted(deletions: readonly FileDeletion[]): void {
    console.log(`the hook saw ${deletions.map(({ fileId }) => fileId).join(', ')}`);
  }

  async onModuleDestroy(): Promise<void> {
    console.log('the announcer goes');
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    FileRegistryModule.forRoot({
      database: pool,
      storages: { media: localStorage({ root: process.env['APP_MEDIA'] ?? '' }) },
      gracePeriodMs: 0,
      unattachedTtlMs: 0,
      processor: { enabled: process.env['APP_PROCESSOR'] !== 'off', intervalMs: 20 },
    }),
  ],
  providers: [Announcer],
})
export class AppModule {}

@Module({})
export class EmptyModule {}

export const close = () => pool.end();
