import type { PlantName } from './plants.js';

/** How often what happens, as probabilities, most of it beside each kill. */
export interface Script {
  /** PostgreSQL is stopped in the middle of everything and started again. */
  readonly crash: number;
  /** Of the crashes, those that come when writers have been silent and only workers were at it. */
  readonly crashInSilence: number;
  /** Connections are ended. */
  readonly terminate: number;
  /** The storage fails most of the time for a while. */
  readonly badWeather: number;
  /** A writer stands still for longer than its uploads may. */
  readonly stall: number;
  /** Uploads whose answer comes late. */
  readonly lateAnswers: number;
  /** Transactions that are rolled back. */
  readonly rollback: number;
  /** How long a transaction stays open after its last change. */
  readonly holdMsMax: number;
}

const usual: Script = {
  crash: 0.15,
  crashInSilence: 0.5,
  terminate: 0.3,
  badWeather: 0.2,
  stall: 0.15,
  lateAnswers: 0.05,
  rollback: 0.3,
  holdMsMax: 60,
};

/** Where the usual play would find a missing safeguard too rarely, there is more of what it guards against. */
const directed: Partial<Record<PlantName, Partial<Script>>> = {
  reservation: { stall: 0.9, lateAnswers: 0.6, crash: 0 },
  'row-lock': { holdMsMax: 150 },
  'leave-rule': { rollback: 0.7, holdMsMax: 200 },
  'sync-commit': { crash: 0.8, crashInSilence: 1, badWeather: 0 },
};

export function scriptFor(plant: PlantName | undefined): Script {
  return { ...usual, ...(plant === undefined ? {} : directed[plant]) };
}
