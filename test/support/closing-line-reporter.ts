import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Ends a run's output with the line 'N passed, N failed, N skipped', for whoever reads results by machine. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;

    // A file that could not be loaded, a hook that failed and an error outside of all tests count as failures, too.
    const outsideTests =
      modules.filter(
        (module) => module.state() === 'failed' && ![...module.children.allTests('failed')].length,
      ).length + unhandledErrors.length;
    const skipped = count('skipped') + count('pending');
    const failed = count('failed') + outsideTests;

    // The global teardown comes after this and may still fail the run.
    process.once('exit', (code) => {
      console.log(`${count('passed')} passed, ${failed || (code === 0 ? 0 : 1)} failed, ${skipped} skipped`);
    });
  }
}
