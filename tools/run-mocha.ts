import Mocha from "mocha";

/** What a run that was told to end ends with, as one at Ctrl-C does. */
const interrupted = 130;

/**
 * Runs tests. At SIGINT and SIGTERM the test that runs fails, no other begins, and hooks clean up what tests have started; at a second
 * one the process ends at once.
 *
 * @param files absolute
 * @param grep of the titles of those that are to run. @default all
 * @returns the exit code: 0 where tests ran and all passed
 */
export function runMocha(files: readonly string[], grep?: string): Promise<number> {
  const mocha = new Mocha({ timeout: 180_000, slow: 10_000, ...(grep ? { grep } : {}), ...ci() });
  for (const file of files) mocha.addFile(file);
  let stopped = false;
  return new Promise((resolve) => {
    const runner = mocha.run((failures) => {
      const { passes = 0, pending = 0, tests = 0 } = runner.stats ?? {};
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
      resolve(stopped ? interrupted : failures > 0 || tests === 0 ? 1 : 0);
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (stopped) process.exit(interrupted);
        stopped = true;
        process.stdout.write("Stopping: what the tests have started is ended. Once more to leave it as it is.\n");
        stop(runner);
      });
    }
  });
}

/** Mocha alone would wait for the test that runs, which may take minutes. */
function stop(runner: Mocha.Runner): void {
  runner.abort();
  const { currentRunnable } = runner;
  // What cleans up is left to do so.
  if (currentRunnable?.title.startsWith('"after')) return;
  runner.uncaught(new Error("stopped by a signal"));
}

/** A test left alone by `.only` must not pass for the whole. */
function ci(): { forbidOnly?: true } {
  return process.env.CI ? { forbidOnly: true } : {};
}
