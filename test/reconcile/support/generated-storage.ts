import type { FileStorage } from 'nestjs-file-registry';

/**
 * A storage of so many objects that holds none of them in memory. Every thousandth object has no row, and every thousandth row
 * no object.
 */
export function generatedStorage(count: number): FileStorage {
  const refuse = () => Promise.reject(new Error('this storage is only listed'));
  return {
    location: 'generated:///',
    check: async () => {},
    write: refuse,
    read: refuse,
    delete: refuse,
    async stat({ key }) {
      const n = Number.parseInt(key.slice(-16, -4), 16);
      return isDangling(n) ? null : { sizeBytes: 4096, ageMs: 1e9 };
    },
    async *list({ after = '' } = {}) {
      for (let n = 1; n <= count; n++) {
        const key = keyOf(n);
        if (!isDangling(n) && (after === '' || key > after)) yield { key, sizeBytes: 4096, ageMs: 1e9 };
      }
    },
  };
}

/** The rows for it. To be run without the triggers, which would note a million intents. */
export function generatedRows(count: number): string {
  return `
    set local session_replication_role = replica;
    insert into file_registry.files (id, storage, key, filename, content_type, size, checksum)
    select id, 'media', format('2026/11/21/%s.jpg', id), 'photo.jpg', 'image/jpeg', 4096, sha256(id::text::bytea)
      from (select format('00000000-0000-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid as id
              from generate_series(1, ${count}) n where n % 1000 <> 1) generated;`;
}

function keyOf(n: number): string {
  return `2026/11/21/00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}.jpg`;
}

function isDangling(n: number): boolean {
  return n % 1000 === 2;
}
