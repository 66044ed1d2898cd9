import { assertLaws } from '../../test/support/assert-laws.js';
import type { Stage } from './stage.js';
import { bytes, verdict } from './terminal.js';

interface Totals {
  files: string;
  size: string;
  references: string;
  receipts: string;
}

/**
 * Stops the worker and compares all rows with each other and with all bytes, checksums included.
 *
 * @throws Error that lists every law that is broken, or says which number is not as expected.
 */
export async function checkLaws(stage: Stage): Promise<void> {
  const { pool, mediaRoot } = stage.properties;
  await stage.currentWorker.stop();
  await unlessInterrupted(stage.signal, assertLaws({ admin: pool, storages: { media: mediaRoot } }));

  const { rows } = await pool.query<Totals>(
    `select (select count(*) from file_registry.files)                            as files,
            (select coalesce(sum(size), 0) from file_registry.files)              as size,
            (select count(*) from file_registry.file_references)                  as references,
            (select count(*) from file_registry.deletions where state = 'deleted') as receipts`,
  );
  const { files, size, references, receipts } = rows[0] ?? {};
  // Two of the covers went in steps 3 and 6, one more was exchanged for another in step 5, and one came and went in step 4.
  const left = stage.published.length - 1 - 2;
  if (Number(files) !== left || Number(references) !== left || Number(receipts) !== 4) {
    throw new Error(
      `A surprise: ${files} files, ${references} references and ${receipts} receipts are left.`,
    );
  }
  verdict(
    `They hold. ${files} files of ${bytes(Number(size))} in all are left, each referenced once, each there with the bytes ` +
      `that were stored. ${receipts} files went, each with a receipt. Nothing else is on the disk.`,
  );
}

/** Reading everything may take long; nobody shall have to wait for that after Ctrl-C. */
async function unlessInterrupted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
