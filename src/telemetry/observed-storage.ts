import type { Readable } from 'node:stream';
import type { FileStorage, ListedObject } from '../storage/storage.js';
import type { StorageCallResult, StorageOperation } from './file-registry-telemetry.js';
import type { GuardedObservation, GuardedTelemetry } from './guarded-telemetry.js';

type Begin = (operation: StorageOperation, objects?: number) => GuardedObservation<StorageCallResult>;

/** Every member, so that one that is added to the port is not forgotten here. */
type EveryMember = { readonly [Name in keyof Required<FileStorage>]: FileStorage[Name] };

/** The same storage, whose calls are told to telemetry. What it cannot do, this one cannot either. */
export function observedStorage(
  name: string,
  storage: FileStorage,
  telemetry: GuardedTelemetry,
): FileStorage {
  const begin: Begin = (operation, objects) =>
    telemetry.beginStorageCall({ storage: name, operation, objects });
  const facade: EveryMember = {
    location: storage.location,
    check: () => observe(begin('check'), () => storage.check()),
    write: (...args) => observe(begin('write', 1), () => storage.write(...args)),
    read: (...args) => observeRead(begin('read', 1), () => storage.read(...args)),
    stat: (...args) => observe(begin('stat', 1), () => storage.stat(...args)),
    list: (...args) => observeList(begin, () => storage.list(...args)),
    delete: (...args) =>
      observe(
        begin('delete', args[0].length),
        () => storage.delete(...args),
        (outcomes) => ({ failedObjects: outcomes.filter(({ error }) => error !== undefined).length }),
      ),
    prune:
      storage.prune &&
      ((...args) => observe(begin('prune'), async () => (await storage.prune?.(...args)) ?? 0)),
    // These ask nobody: a signature is a calculation.
    url: storage.url?.bind(storage),
    presignWrite: storage.presignWrite?.bind(storage),
  };
  return facade;
}

async function observe<Answer>(
  observation: GuardedObservation<StorageCallResult>,
  call: () => Promise<Answer>,
  describe: (answer: Answer) => StorageCallResult = () => ({}),
): Promise<Answer> {
  let answer: Answer;
  try {
    answer = await observation.run(call);
  } catch (error) {
    observation.fail(error);
    throw error;
  }
  observation.succeed(described(answer, describe));
  return answer;
}

/** Ends with the stream. A reader that goes away early is no failure of the storage. */
async function observeRead(
  observation: GuardedObservation<StorageCallResult>,
  open: () => Promise<Readable>,
): Promise<Readable> {
  let stream: Readable;
  try {
    stream = await observation.run(open);
  } catch (error) {
    observation.fail(error);
    throw error;
  }
  // Only listens for `close`: a listener for `error` would keep an error that nobody handles from being one.
  const close = () => (stream.errored ? observation.fail(stream.errored) : observation.succeed({}));
  if (stream.closed) {
    close();
  } else {
    stream.once('close', close);
  }
  return stream;
}

async function* observeList(
  begin: Begin,
  list: () => AsyncIterable<ListedObject>,
): AsyncGenerator<ListedObject, void> {
  const observation = begin('list');
  let ended = false;
  let iterator: AsyncIterator<ListedObject> | undefined;
  try {
    const opened = observation.run(() => list()[Symbol.asyncIterator]());
    iterator = opened;
    for (;;) {
      const next = await observation.run(() => opened.next());
      if (next.done === true) {
        ended = true;
        break;
      }
      yield next.value;
    }
    observation.succeed({});
  } catch (error) {
    ended = true;
    observation.fail(error);
    throw error;
  } finally {
    if (!ended) {
      // Somebody stopped reading, which is no failure: the storage closes what it has open.
      observation.succeed({});
      await iterator?.return?.();
    }
  }
}

/** A storage that answers nonsense is told so by whoever called it, not here. */
function described<Answer>(
  answer: Answer,
  describe: (answer: Answer) => StorageCallResult,
): StorageCallResult {
  try {
    return describe(answer);
  } catch {
    return {};
  }
}
