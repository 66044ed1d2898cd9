const atOnceMax = 16;

/** Runs `work` for every item, at most 16 at a time, and rejects with the first failure. */
export async function forEachAtOnce<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnceMax }, worker));
}
