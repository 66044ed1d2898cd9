import { orAborted } from '../registry/or-aborted.js';

/** The items until the signal fires, also while the next one is waited for, which may never come. */
export async function* untilAborted<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let asked: Promise<IteratorResult<Item>> | undefined;
  let ended = false;
  try {
    while (!signal.aborted) {
      asked = Promise.resolve(iterator.next());
      const next = await orAborted(asked, signal).catch((error: unknown) => {
        ended = !signal.aborted;
        if (ended) throw error;
      });
      if (next === undefined) {
        return;
      }
      asked = undefined;
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    const returned = ended ? undefined : Promise.resolve(iterator.return?.());
    // One that was asked and has not answered may never end either.
    await (asked === undefined ? returned : void returned?.catch(() => undefined));
  }
}
