import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../support/queryable.js';
import type { AttackedDatabase } from './attacked-database.js';

/** Files that change their place, as the registry does it and by raw SQL. */
export function movesIn(laws: AttackedDatabase) {
  return {
    keyOf,

    async reserve(storage = 'archive', id = randomUUID()): Promise<string> {
      await laws.sql(`select file_registry.reserve($1, $2, $3, 'photo.jpg', 60000)`, [
        id,
        storage,
        keyOf(id),
      ]);
      return id;
    },

    update: (file: string, storage: string, key: string, on?: Queryable) =>
      laws.sql(
        'update file_registry.files set storage = $2, key = $3 where id = $1',
        [file, storage, key],
        on,
      ),

    /** As the registry moves, from the place where the file began unless another is given. */
    async move(
      file: string,
      reservation: string,
      {
        on,
        from = ['media', keyOf(file)],
        to = ['archive', keyOf(reservation)],
      }: { on?: Queryable; from?: string[]; to?: string[] } = {},
    ): Promise<string> {
      const [row] = await laws.sql(
        'select file_registry.move_file($1, $2, $3, $4, $5, $6, null) as answer',
        [file, ...from, reservation, ...to],
        on,
      );
      return row.answer;
    },

    place: async (file: string) => {
      const [row] = await laws.sql('select storage, key from file_registry.files where id = $1', [file]);
      return row && [row.storage, row.key];
    },

    claim: (storage: string, on?: Queryable) =>
      laws.sql(
        `select file_registry.claim_deletions($1, 100, gen_random_uuid(), 60000) as claimed`,
        [storage],
        on,
      ),

    lapse: (reservation: string) =>
      laws.sql(`update file_registry.deletions set next_attempt_at = now() where file_id = $1`, [
        reservation,
      ]),
  };
}

function keyOf(id: string): string {
  return `2026/11/${id}.jpg`;
}
