import { compareKeys } from '../storage/compare-keys.js';
import type { ListedObject } from '../storage/storage.js';
import { agrees, confirmFiles, type SuspectFile } from './confirm-files.js';
import { confirmOrphans } from './confirm-orphans.js';
import type { ReconcileContext } from './reconcile-context.js';
import type { ReconcileFinding } from './reconcile-report.js';
import { ResumableListing } from './resumable-listing.js';
import { type RegisteredFile, RowCursor } from './row-cursor.js';

/**
 * Merges a storage's listing with the registry's files, both in the order of their keys' bytes, in memory that grows with
 * neither. What differs is only suspect, because the two were read at different moments; each step confirms what it found.
 */
export class ReconcilePass {
  /** The keys of orphans, as many as may be adopted. */
  readonly adoptable: string[] = [];
  private readonly listing: ResumableListing;
  private readonly rows: RowCursor;
  private unknown: ListedObject[] = [];
  private suspects: SuspectFile[] = [];
  private merged = 0;
  private lastMerged: string | undefined;

  constructor(private readonly context: ReconcileContext) {
    this.listing = new ResumableListing(context.storage, context.options);
    this.rows = new RowCursor(context.database, context.options);
  }

  async run(): Promise<void> {
    for await (const objects of this.listing.batches()) {
      for (const object of objects) {
        // Nearly always they agree, and nothing has to be awaited.
        if (this.rows.key !== object.key) await this.passRowsBefore(object.key);
        if (this.rows.key === object.key) this.meet(this.rows.take(object.key), object);
        else if (this.count(object)) this.unknown.push(object);
        if (this.isFull(object.key)) await this.confirm();
      }
    }
    await this.passRowsBefore(undefined);
    await this.confirm();
  }

  /** What the listing has passed by is not there, or came when it had passed. */
  private async passRowsBefore(key: string | undefined): Promise<void> {
    for (;;) {
      const rowKey = this.rows.key ?? (await this.rows.load());
      if (rowKey === undefined) return;
      if (key !== undefined && (rowKey === key || compareKeys(rowKey, key) > 0)) return;
      const file = this.rows.take(rowKey);
      if (!this.context.options.isExcluded(rowKey)) {
        this.context.tally.counts.files++;
        this.suspects.push({ file, listed: undefined });
      }
      if (this.isFull(rowKey)) await this.confirm();
    }
  }

  private meet(file: RegisteredFile, listed: ListedObject): void {
    if (!this.count(listed)) return;
    this.context.tally.counts.files++;
    const unread = this.context.options.verify === 'checksum' && file.checksum !== null;
    if (unread || !agrees(file, listed)) this.suspects.push({ file, listed });
  }

  private count({ key, sizeBytes }: ListedObject): boolean {
    const { counts } = this.context.tally;
    if (this.context.options.isExcluded(key)) {
      counts.excluded++;
      return false;
    }
    counts.objects++;
    counts.objectsBytes += sizeBytes;
    return true;
  }

  private isFull(key: string): boolean {
    this.lastMerged = key;
    return ++this.merged >= this.context.options.pageSize;
  }

  private async confirm(): Promise<void> {
    const { options, tally } = this.context;
    options.signal?.throwIfAborted();
    const { obstacles, countedOnly } = this.listing.takeObstacles();
    const findings: ReconcileFinding[] = obstacles
      .filter(({ path }) => !options.isExcluded(path.replace(/\/$/, '')))
      .map(({ path, problem }) => ({ kind: 'obstacle', path, problem }));
    findings.push(...(await confirmOrphans(this.context, this.unknown)));
    findings.push(...(await confirmFiles(this.context, this.suspects)));
    [this.unknown, this.suspects, this.merged] = [[], [], 0];

    for (const finding of findings.sort((one, other) => compareKeys(placeOf(one), placeOf(other)))) {
      if (finding.kind === 'orphan' && this.adoptable.length < options.maxAdoptions)
        this.adoptable.push(finding.key);
      await tally.add(finding);
    }
    tally.addUntold(countedOnly);
    tally.lastKey = this.lastMerged ?? tally.lastKey;
    tally.progress();
  }
}

function placeOf(finding: ReconcileFinding): string {
  return finding.kind === 'obstacle' ? finding.path : finding.key;
}
