import * as fc from 'fast-check';

/** Files are named by how many were stored after them, owners by number: whatever is picked, it means something. */
export type Verb =
  | { verb: 'attach' | 'detach'; files: readonly number[]; owner: number }
  | { verb: 'attachMany'; pairs: readonly (readonly [file: number, owner: number])[] }
  | { verb: 'detachAll' | 'restoreOwner'; owner: number; wholeRecord: boolean }
  | { verb: 'replace'; owner: number; files: readonly number[] }
  | { verb: 'restoreFile' | 'protect' | 'unprotect' | 'erase' | 'deleteReferencesOfFile'; file: number }
  | { verb: 'hold' | 'release'; file: number; reason: number }
  | { verb: 'holdRendition'; file: number; original: number; slot: number }
  | { verb: 'deleteReferencesOfOwner' | 'deleteArticle'; owner: number };

export type DeleteFault = 'fails' | 'loses its answer' | 'refuses one key' | 'forgets one key';
export type WriteFault = 'halfway' | 'halfway and stays' | 'answer lost' | 'content fails';

export type Command =
  | { do: 'verb'; session: number; verb: Verb; beside: number | undefined }
  | {
      do: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release savepoint' | 'rollback to savepoint';
      session: number;
    }
  | { do: 'store'; fault: WriteFault | undefined }
  | { do: 'begin upload'; stuck: 'before' | 'after' }
  | { do: 'end upload' }
  | { do: 'adopt'; key: number }
  | { do: 'drain'; processor: number; fault: DeleteFault | undefined }
  | { do: 'drain both' | 'pause' | 'resume' }
  | { do: 'stall'; processor: number; at: 'before' | 'after'; call: number }
  | { do: 'wake' | 'kill'; processor: number }
  | { do: 'pass time'; steps: number };

export const sessionCount = 3;
export const processorCount = 2;

// Mostly the same few, so that commands meet.
const file = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 7 }) },
);
const files = fc.array(file, { minLength: 1, maxLength: 2 });
const owner = fc.nat({ max: 3 });
const session = fc.nat({ max: sessionCount - 1 });
const processor = fc.nat({ max: processorCount - 1 });

const verb: fc.Arbitrary<Verb> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ verb: fc.constant('attach' as const), files, owner }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('detach' as const), files, owner }) },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constant('attachMany' as const),
      pairs: fc.array(fc.tuple(file, owner), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constantFrom('detachAll' as const, 'restoreOwner' as const),
      owner,
      wholeRecord: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('replace' as const),
      owner,
      files: fc.array(file, { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constantFrom(
        'restoreFile' as const,
        'protect' as const,
        'unprotect' as const,
        'erase' as const,
        'deleteReferencesOfFile' as const,
      ),
      file,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constantFrom('hold' as const, 'release' as const),
      file,
      reason: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('holdRendition' as const),
      file,
      original: file,
      slot: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constantFrom('deleteReferencesOfOwner' as const, 'deleteArticle' as const),
      owner,
    }),
  },
);

const always = <Kind extends string>(kind: Kind) => fc.constant(kind);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: always('verb'),
      session,
      verb,
      beside: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: processor }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('begin' as const, 'begin' as const, 'commit' as const, 'rollback' as const),
      session,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'savepoint' as const,
        'release savepoint' as const,
        'rollback to savepoint' as const,
      ),
      session,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: always('store'),
      fault: fc.option(
        fc.constantFrom<WriteFault>('halfway', 'halfway and stays', 'answer lost', 'content fails'),
        {
          nil: undefined,
          freq: 2,
        },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: always('begin upload'), stuck: fc.constantFrom('before', 'after') }),
  },
  { weight: 2, arbitrary: fc.record({ do: always('end upload') }) },
  { weight: 2, arbitrary: fc.record({ do: always('adopt'), key: fc.nat({ max: 1 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: always('drain'),
      processor,
      fault: fc.option(
        fc.constantFrom<DeleteFault>('fails', 'loses its answer', 'refuses one key', 'forgets one key'),
        { nil: undefined, freq: 3 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('drain both' as const, 'drain both' as const, 'pause' as const, 'resume' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: always('stall'),
      processor,
      at: fc.constantFrom('before', 'after'),
      call: fc.constantFrom(1, 1, 2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('wake' as const, 'wake' as const, 'kill' as const),
      processor,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: always('pass time'), steps: fc.constantFrom(1, 2, 2, 5) }) },
);

/** Programs are long, because a fault needs several commands that meet. */
export const program: fc.Arbitrary<readonly Command[]> = fc.array(command, {
  minLength: 1,
  maxLength: 80,
  size: 'max',
});
