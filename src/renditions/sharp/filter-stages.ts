import type { Sharp } from 'sharp';
import type { FilterStep } from './filter-part.js';

/** The order in which one pipeline of sharp works, whatever the order of the calls; resizing comes before or with the turns. */
const ranks: Readonly<Record<FilterStep['kind'], number>> = {
  flip: 0,
  flop: 0,
  rotate: 0,
  flatten: 1,
  grayscale: 2,
  blur: 3,
  invert: 4,
};
const sizeRank = 0;

/** What looks at other pixels than its own: the frames of an animation lie below each other, and it would mix them. */
const crossesFrames: ReadonlySet<FilterStep['kind']> = new Set(['flip', 'flop', 'rotate', 'blur']);

export interface FirstStage {
  readonly isSized: boolean;
  readonly isAnimated: boolean;
}

/**
 * The steps in as few pipelines as keep their order, because each further one holds the whole picture in memory. The first
 * decodes and resizes too, all frames at once; the others are for single frames. There is always a first one.
 */
export function toStages(steps: readonly FilterStep[], { isSized, isAnimated }: FirstStage): FilterStep[][] {
  let stage: FilterStep[] = [];
  let rank = isSized ? sizeRank : -1;
  const stages = [stage];
  for (const step of steps) {
    const mixesFrames = isAnimated && stages.length === 1 && crossesFrames.has(step.kind);
    if (ranks[step.kind] <= rank || mixesFrames) {
      stage = [];
      stages.push(stage);
    }
    stage.push(step);
    rank = ranks[step.kind];
  }
  return stages;
}

export function applySteps(image: Sharp, steps: readonly FilterStep[]): Sharp {
  return steps.reduce(applyStep, image);
}

function applyStep(image: Sharp, step: FilterStep): Sharp {
  switch (step.kind) {
    case 'invert':
      return image.negate({ alpha: false });
    case 'grayscale':
      return image.grayscale();
    case 'blur':
      return image.blur(step.sigma);
    case 'flip':
      return image.flip();
    case 'flop':
      return image.flop();
    case 'rotate':
      return image.rotate(step.degrees);
    case 'flatten':
      return image.flatten({ background: '#ffffff' });
  }
}
