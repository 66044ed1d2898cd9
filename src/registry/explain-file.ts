import type {
  ExplainedDeletion,
  ExplainedIntent,
  ExplainedReference,
  FileExplanation,
  FileState,
} from './file-explanation.js';
import { type StoredFileJson, toStoredFile } from './stored-file.js';

type Dated<Value> = {
  readonly [Name in keyof Value]: Value[Name] extends Date | null ? Value[Name] | string : Value[Name];
};

/** What `facts_of` answers, with times as text. */
export interface FileFacts {
  readonly now: string;
  readonly pausedAt: string | null;
  /** Whether the rows came from another server or database. */
  readonly foreign: boolean;
  readonly file: StoredFileJson | null;
  readonly refCount: number;
  readonly references: readonly (Omit<ExplainedReference, 'attachedAt'> & { readonly attachedAt: string })[];
  readonly intents: readonly {
    readonly reason: string;
    readonly notedAt: string;
    readonly dueAt: string | null;
    readonly type: string | null;
    readonly id: string | null;
    readonly slot: string | null;
  }[];
  readonly deletion: Dated<ExplainedDeletion> | null;
}

/**
 * Makes an explanation of the facts; decides nothing by the application's clock. The deletion delay is counted from when a
 * processor first saw the row; until one has, from its condemnation, which is the earliest.
 */
export function explainFile(fileId: string, facts: FileFacts, deletionDelayMs: number): FileExplanation {
  const references = facts.references.map((row) => ({ ...row, attachedAt: new Date(row.attachedAt) }));
  const intents = facts.intents.map(toIntent);
  const deletion = facts.deletion && toDeletion(facts.deletion, deletionDelayMs);
  const state = stateOf(facts, intents, deletion);
  const explained = {
    fileId,
    state,
    file: facts.file && toStoredFile(facts.file),
    refCount: facts.refCount,
    references,
    intents,
    deletion,
  };
  return { ...explained, text: textOf(explained) + obstacleText(state, facts) };
}

function toIntent({ reason, notedAt, dueAt, type, id, slot }: FileFacts['intents'][number]): ExplainedIntent {
  const owner = type === null || id === null || slot === null ? null : { type, id, slot };
  return { reason, notedAt: new Date(notedAt), dueAt: toDate(dueAt), owner };
}

function toDeletion(row: NonNullable<FileFacts['deletion']>, deletionDelayMs: number): ExplainedDeletion {
  const condemnedAt = new Date(row.condemnedAt);
  const nextAttemptAt = toDate(row.nextAttemptAt);
  const delayedUntil = new Date(condemnedAt.getTime() + deletionDelayMs);
  const delayed =
    deletionDelayMs > 0 &&
    row.state === 'condemned' &&
    !row.leased &&
    nextAttemptAt !== null &&
    nextAttemptAt < delayedUntil;
  return {
    ...row,
    condemnedAt,
    nextAttemptAt: delayed ? delayedUntil : nextAttemptAt,
    deletedAt: toDate(row.deletedAt),
  };
}

function toDate(time: string | Date | null): Date | null {
  return time === null ? null : new Date(time);
}

function stateOf(
  { now, file, refCount }: FileFacts,
  [youngest]: readonly ExplainedIntent[],
  deletion: ExplainedDeletion | null,
): FileState {
  if (file !== null) {
    const due = youngest?.dueAt != null && youngest.dueAt <= new Date(now);
    return refCount > 0 ? 'held' : due ? 'due' : 'waiting';
  }
  if (deletion === null) return 'unknown';
  if (deletion.state === 'reserved') return 'uploading';
  if (deletion.state === 'deleted') return 'gone';
  if (deletion.stuck) return 'stuck';
  return deletion.leased ? 'deleting' : 'pending';
}

function textOf(explained: Omit<FileExplanation, 'text'>): string {
  const { fileId, state, refCount, references, intents, deletion } = explained;
  const governing = intents[0];
  if (deletion !== null && state !== 'uploading') {
    const left = leftBehind(fileId, deletion);
    if (left !== undefined) return leftText(left, state, deletion);
  }
  switch (state) {
    case 'held':
      return `File ${fileId} is held by ${refCount} reference(s): ${listed(references, refCount)}.`;
    case 'waiting':
      return `File ${fileId} has no reference ${waitingText(governing)}`;
    case 'due':
      return `File ${fileId} has no reference and its period ended ${at(governing?.dueAt)}; the processor condemns it at its next pass.`;
    case 'uploading':
      return `File ${fileId} is being uploaded; without progress its key is taken back ${at(deletion?.nextAttemptAt)}.`;
    case 'pending':
      return (
        `File ${fileId} went ${at(deletion?.condemnedAt)} because of '${deletion?.reason}'; its bytes are deleted from ` +
        `${at(deletion?.nextAttemptAt)} on${afterAttempts(deletion)}.`
      );
    case 'deleting':
      return `File ${fileId} went because of '${deletion?.reason}' and is being deleted, attempt ${deletion?.attempts}.`;
    case 'stuck':
      return (
        `File ${fileId} went because of '${deletion?.reason}', but its bytes could not be deleted in ${deletion?.attempts} ` +
        `attempt(s): ${deletion?.lastError}. Mend the cause, then call retryStuck().`
      );
    case 'gone':
      return (
        `File ${fileId} is gone: deleted ${at(deletion?.deletedAt)} because of '${deletion?.reason}' after ` +
        `${deletion?.attempts} attempt(s)${lastHeldBy(deletion)}.`
      );
    case 'unknown':
      return `Nothing is known of file ${fileId}: it never was, or its receipt is pruned.`;
  }
}

/** What the row is about where that never was a file: the old place of one that moved, or an upload that was given up. */
function leftBehind(
  fileId: string,
  { reason, storage, key, lastOwners, condemnedAt }: ExplainedDeletion,
): string | undefined {
  if (reason === 'moved') {
    return `What file ${lastOwners.at(-1)?.id ?? '(redacted)'} left in storage '${storage}' under '${key}' when it moved`;
  }
  return reason === 'upload'
    ? `What the upload of file ${fileId} may have left when it was given up ${at(condemnedAt)}`
    : undefined;
}

function leftText(left: string, state: FileState, deletion: ExplainedDeletion): string {
  const { nextAttemptAt, attempts, lastError, deletedAt } = deletion;
  switch (state) {
    case 'gone':
      return `${left} is gone: deleted ${at(deletedAt)} after ${attempts} attempt(s).`;
    case 'deleting':
      return `${left} is being deleted, attempt ${attempts}.`;
    case 'stuck':
      return `${left} could not be deleted in ${attempts} attempt(s): ${lastError}. Mend the cause, then call retryStuck().`;
    default:
      return `${left} is deleted from ${at(nextAttemptAt)} on${afterAttempts(deletion)}.`;
  }
}

function waitingText(governing: ExplainedIntent | undefined): string {
  if (governing === undefined) {
    return 'and no intent, so it would stay for ever: somebody went round the triggers. Attach and detach it, and run verify().';
  }
  const { reason, notedAt, dueAt, owner } = governing;
  const because = `because of '${reason}', noted ${at(notedAt)}${by(governing)}`;
  if (dueAt === null) {
    return `and stays ${because}: this version does not know the reason, and it is never due. Update every instance.`;
  }
  const undo = owner === null ? 'attach() keeps it' : 'restore() puts it back';
  return `and waits until ${at(dueAt)} ${because}. Until then ${undo}.`;
}

function obstacleText(state: FileState, { pausedAt, foreign }: FileFacts): string {
  if (!['due', 'pending', 'stuck'].includes(state)) return '';
  if (pausedAt !== null) {
    return ` Nothing is deleted now: the processors are paused since ${at(toDate(pausedAt))}, resume() lets them go on.`;
  }
  return foreign ? ' Nothing is deleted now: the rows came from another database, see takeOwnership().' : '';
}

function at(time: Date | null | undefined): string {
  return time?.toISOString() ?? 'never';
}

function by(intent: ExplainedIntent | undefined): string {
  return intent?.owner ? ` when ${ownerText(intent.owner)} let go of it` : '';
}

function listed(references: readonly ExplainedReference[], refCount: number): string {
  const more = refCount > references.length ? ` and ${refCount - references.length} more` : '';
  return references.map(ownerText).join(', ') + more;
}

function afterAttempts(deletion: ExplainedDeletion | null): string {
  return deletion?.lastError ? ` (attempt ${deletion.attempts} failed: ${deletion.lastError})` : '';
}

function lastHeldBy(deletion: ExplainedDeletion | null): string {
  const last = deletion?.lastOwners.at(-1);
  return last ? `; last held by ${ownerText(last)}` : '';
}

function ownerText({ type, id, slot }: { type: string; id: string | null; slot: string }): string {
  return `${type}/${id ?? '(redacted)'}/${slot}`;
}
