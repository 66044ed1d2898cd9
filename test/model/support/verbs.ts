import { DatabaseFailedError, FileRegistryError, type FileTransaction } from 'nestjs-file-registry';
import type { Client } from 'pg';
import type { Verb } from './commands.js';
import type { ModelTransaction } from './model-transaction.js';

/** The file that a number of a command means. */
export type FileNamed = (number: number) => string;

export const articleIds = ['0', '1'];

const owner = (number: number) => ({
  type: 'article',
  id: String(Math.floor(number / 2)),
  slot: number % 2 === 0 ? 'cover' : 'body',
});
const record = (number: number, whole: boolean) => {
  const { type, id, slot } = owner(number);
  return whole ? { type, id } : { type, id, slot };
};
const spec = (number: number) => `size=${number}`;
const reasonToHold = (number: number) => `matter-${number % 2}`;
/** The third means: every hold. */
const reasonToRelease = (number: number) => (number === 2 ? undefined : reasonToHold(number));

export function predict(verb: Verb, transaction: ModelTransaction, named: FileNamed): unknown {
  switch (verb.verb) {
    case 'attach':
      return transaction.attach(verb.files.map(named), owner(verb.owner));
    case 'attachMany':
      return transaction.attachMany(
        verb.pairs.map(([file, of]) => ({ file: named(file), owner: owner(of) })),
      );
    case 'detach':
      return transaction.detach(verb.files.map(named), owner(verb.owner));
    case 'detachAll':
      return transaction.detachAll(record(verb.owner, verb.wholeRecord));
    case 'replace':
      return transaction.replace(owner(verb.owner), verb.files.map(named));
    case 'restoreFile':
      return transaction.restore({ file: named(verb.file) });
    case 'restoreOwner':
      return transaction.restore(record(verb.owner, verb.wholeRecord));
    case 'protect':
      return transaction.protect([named(verb.file)]);
    case 'unprotect':
      return transaction.unprotect([named(verb.file)]);
    case 'hold':
      return transaction.hold([named(verb.file)], reasonToHold(verb.reason));
    case 'release':
      return transaction.release([named(verb.file)], reasonToRelease(verb.reason));
    case 'erase':
      return transaction.erase([named(verb.file)]);
    case 'holdRendition':
      return transaction.holdRendition(named(verb.file), named(verb.original), spec(verb.slot));
    case 'deleteReferencesOfFile':
      return transaction.deleteReferences({ file: named(verb.file) });
    case 'deleteReferencesOfOwner':
      return transaction.deleteReferences({ ownerId: owner(verb.owner).id });
    case 'deleteArticle':
      transaction.detachAll(record(verb.owner, true));
      return undefined;
  }
}

export async function perform(
  verb: Verb,
  session: Client,
  files: FileTransaction,
  named: FileNamed,
): Promise<unknown> {
  switch (verb.verb) {
    case 'attach':
      return files.attach(verb.files.map(named), owner(verb.owner));
    case 'attachMany':
      return files.attachMany(verb.pairs.map(([file, of]) => ({ file: named(file), owner: owner(of) })));
    case 'detach':
      return files.detach(verb.files.map(named), owner(verb.owner));
    case 'detachAll':
      return files.detachAll(record(verb.owner, verb.wholeRecord));
    case 'replace':
      return files.replace(owner(verb.owner), verb.files.map(named));
    case 'restoreFile':
      return files.restore(named(verb.file));
    case 'restoreOwner':
      return files.restore(record(verb.owner, verb.wholeRecord));
    case 'protect':
      return files.protect(named(verb.file));
    case 'unprotect':
      return files.unprotect(named(verb.file));
    case 'hold':
      return files.hold(named(verb.file), reasonToHold(verb.reason));
    case 'release':
      return files.release(named(verb.file), reasonToRelease(verb.reason));
    case 'erase': {
      const { erased } = await files.erase(named(verb.file));
      return { erased: erased.map(({ id }) => id).toSorted() };
    }
    case 'holdRendition':
      await session.query(
        "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, $3)",
        [named(verb.file), named(verb.original), spec(verb.slot)],
      );
      return undefined;
    case 'deleteReferencesOfFile':
      return deleteReferences(session, 'file_id', named(verb.file));
    case 'deleteReferencesOfOwner':
      return deleteReferences(session, 'owner_id', owner(verb.owner).id);
    case 'deleteArticle':
      await session.query('delete from article where id = $1', [owner(verb.owner).id]);
      await session.query('insert into article values ($1)', [owner(verb.owner).id]);
      return undefined;
  }
}

async function deleteReferences(session: Client, column: string, value: string) {
  const { rowCount } = await session.query(`delete from file_registry.file_references where ${column} = $1`, [
    value,
  ]);
  return { detached: rowCount };
}

/** The model's word for an error, or undefined where it has none. */
export function refusalOf(error: unknown): string | undefined {
  const cause = error instanceof FileRegistryError ? error.cause : error;
  const state = (cause as { code?: string } | undefined)?.code ?? '';
  if (state === '55P03') return 'BLOCKED';
  const isRaw = !(error instanceof FileRegistryError) || error instanceof DatabaseFailedError;
  if (isRaw) return ['23001', '23503', '23505'].includes(state) ? 'RULE_BROKEN' : undefined;
  return error.code;
}
