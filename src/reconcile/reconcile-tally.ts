import type {
  FindingSummary,
  ReconcileFinding,
  ReconcileProgress,
  ReconcileReport,
} from './reconcile-report.js';
import type { ResolvedReconcileOptions } from './resolve-reconcile-options.js';

type Kind = ReconcileFinding['kind'];
type OfKind<K extends Kind> = Extract<ReconcileFinding, { kind: K }>;

/** Counts, keeps the first findings of each kind, and tells of all of them. */
export class ReconcileTally {
  readonly counts = {
    objects: 0,
    objectsBytes: 0,
    files: 0,
    excluded: 0,
    young: 0,
    checksummed: 0,
    adopted: 0,
    adoptedBytes: 0,
    recovered: 0,
    left: 0,
    prunedFolders: 0,
  };
  lastKey: string | null;
  private readonly findings = {
    orphan: { count: 0, sizeBytes: 0, samples: [] as OfKind<'orphan'>[] },
    dangling: { count: 0, sizeBytes: 0, samples: [] as OfKind<'dangling'>[] },
    mismatch: { count: 0, sizeBytes: 0, samples: [] as OfKind<'mismatch'>[] },
    obstacle: { count: 0, sizeBytes: 0, samples: [] as OfKind<'obstacle'>[] },
  };

  constructor(private readonly options: ResolvedReconcileOptions) {
    this.lastKey = options.after ?? null;
  }

  get orphans(): number {
    return this.findings.orphan.count;
  }

  async add(finding: ReconcileFinding): Promise<void> {
    const summary = this.findings[finding.kind];
    summary.count++;
    summary.sizeBytes += finding.kind === 'obstacle' ? 0 : finding.sizeBytes;
    if (summary.samples.length < this.options.samples) {
      (summary.samples as ReconcileFinding[]).push(finding);
    }
    await this.options.onFinding?.(finding);
  }

  addUntold(obstacles: number): void {
    this.findings.obstacle.count += obstacles;
  }

  progress(): void {
    const { orphan, dangling, mismatch, obstacle } = this.findings;
    const { objects, objectsBytes, files, adopted } = this.counts;
    const progress: ReconcileProgress = {
      objects,
      objectsBytes,
      files,
      orphans: orphan.count,
      dangling: dangling.count,
      mismatches: mismatch.count,
      obstacles: obstacle.count,
      adopted,
      lastKey: this.lastKey,
    };
    this.options.onProgress?.(progress);
  }

  report(): ReconcileReport {
    const { orphan, dangling, mismatch, obstacle } = this.findings;
    return {
      storage: this.options.storage,
      fix: this.options.fix,
      ...this.counts,
      orphans: copied(orphan),
      dangling: copied(dangling),
      mismatches: copied(mismatch),
      obstacles: copied(obstacle),
      lastKey: this.lastKey,
    };
  }
}

function copied<Finding extends ReconcileFinding>(summary: FindingSummary<Finding>): FindingSummary<Finding> {
  return { ...summary, samples: [...summary.samples] };
}
