/**
 * Marks a promise that may reject before anybody awaits it, because the test first lets another session go on. Node would count
 * the rejection as unhandled.
 */
export function awaitedLater<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
