import { median, summarize, type Summary } from './statistics.js';

/** What is measured; systems are compared within one metric of one size. */
export interface Metric {
  readonly name: string;
  /** How many files, clients, rows or ticks it was measured with. */
  readonly n: number;
  readonly unit: string;
  /** `to: 'plain'` shows how many times plain a system is; `of: 'registry'` how many times a system the registry is. */
  readonly ratio: { readonly to: string } | { readonly of: string };
}

/** One line of `--json`. */
export interface Figure extends Summary {
  readonly bench: string;
  readonly system: string;
  readonly metric: string;
  readonly n: number;
  readonly unit: string;
}

export interface MetricTable {
  readonly metric: Metric;
  readonly rows: readonly { readonly figure: Figure; readonly ratio: number | undefined }[];
}

/** The samples of one bench. */
export class Results {
  private readonly taken = new Map<string, { metric: Metric; samples: Map<string, number[]> }>();

  constructor(readonly bench: string) {}

  /** Takes one sample. The n-th sample of each system belongs to the same round. */
  add(metric: Metric, system: string, value: number): void {
    const id = JSON.stringify([metric.name, metric.n]);
    let known = this.taken.get(id);
    if (known === undefined) this.taken.set(id, (known = { metric, samples: new Map() }));
    const values = known.samples.get(system);
    if (values === undefined) known.samples.set(system, [value]);
    else values.push(value);
  }

  get figures(): Figure[] {
    return this.tables().flatMap(({ rows }) => rows.map(({ figure }) => figure));
  }

  tables(): MetricTable[] {
    return [...this.taken.values()].map(({ metric, samples }) => {
      const reference = samples.get('to' in metric.ratio ? metric.ratio.to : metric.ratio.of);
      return {
        metric,
        rows: [...samples].map(([system, values]) => ({
          figure: {
            bench: this.bench,
            system,
            metric: metric.name,
            n: metric.n,
            unit: metric.unit,
            ...summarize(values),
          },
          ratio: reference === undefined ? undefined : medianRatio(metric, values, reference),
        })),
      };
    });
  }
}

/** Samples of one round are divided by each other, because what disturbs a round disturbs all its systems. */
function medianRatio(metric: Metric, values: readonly number[], reference: readonly number[]): number {
  const ratios = values.slice(0, reference.length).map((value, round) => {
    const other = reference[round]!;
    return 'to' in metric.ratio ? value / other : other / value;
  });
  return median(ratios);
}
