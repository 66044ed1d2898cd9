import type { Random } from './random.js';

export type WriteFault = 'fail' | 'hang' | 'land-late' | 'lose-answer' | 'answer-late';
export type DeleteFault = 'fail' | 'hang' | 'slow' | 'lose-answer';
export type KeyFault = 'refuse' | 'refuse-for-good' | 'land-late';

/** What goes wrong in a storage, and how often: now and then in fine weather, mostly in bad. */
export class StorageDice {
  badWeather = false;

  constructor(
    readonly random: Random,
    private readonly lateAnswers: number,
  ) {}

  write(): WriteFault | undefined {
    if (this.random.chance(this.lateAnswers)) return 'answer-late';
    return this.#fault(['fail', 'hang', 'land-late', 'lose-answer', 'answer-late'], 0.25);
  }

  delete(): DeleteFault | undefined {
    return this.#fault(['fail', 'hang', 'slow', 'slow', 'lose-answer'], 0.3);
  }

  deletionOfKey(): KeyFault | undefined {
    if (this.random.chance(0.003)) return 'refuse-for-good';
    return this.#fault(['refuse', 'land-late'], 0.06);
  }

  #fault<Fault>(faults: readonly Fault[], probability: number): Fault | undefined {
    return this.random.chance(this.badWeather ? 0.6 : probability) ? this.random.pick(faults) : undefined;
  }
}
