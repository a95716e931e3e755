import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { runningPid } from "../../tools/services/daemon";
import { startedBy } from "../faults/run";
import { home, type Project } from "./project";

/** A step that a test interrupts. */
export const slowStep = "RUN echo it begins && sleep 120";

/** Waits until the step that is slow runs on the builder, or does not. */
export async function stepRuns(expected: boolean): Promise<void> {
  const limit = Date.now() + 20_000;
  const isSlow = ([command, time]: readonly string[]) => command === "sleep" && time === "120";
  while (startedBy(runningPid("buildkitd", home) as number, isSlow).length > 0 !== expected) {
    assert.ok(Date.now() < limit, `the slow step ${expected ? "does not run" : "runs on"}`);
    await sleep(100);
  }
}

/** Pulumi ended in order, and the step that ran on the builder with it. */
export async function assertEnded(project: Project): Promise<void> {
  await stepRuns(false);
  const locks = join(project.folder, "state/.pulumi/locks");
  assert.deepEqual(existsSync(locks) ? globSync(join(locks, "**/*.json")) : [], []);
  const { deployment } = JSON.parse(await project.run("pulumi", "stack", "export"));
  assert.deepEqual(deployment.pending_operations ?? [], []);
}

/** Waits until a program has printed something. */
export function told(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(stripVTControlCharacters(text))) resolve();
    });
    stream.on("end", () => reject(new Error(`${pattern} was not printed: ${text}`)));
  });
}

/**
 * Types a key on a terminal in which a command of the project runs. Linux's script makes it, and the tests' services need Linux too.
 *
 * @param until what has to have happened by then. Its process is the one that the terminal was made by
 * @returns what was on the terminal
 */
export async function typed(
  project: Project,
  command: string,
  key: string,
  until: (stdout: NodeJS.ReadableStream, pid: number) => Promise<void>,
): Promise<{ readonly exitCode: number | undefined; readonly text: string }> {
  const run = execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: project.folder,
    env: { ...project.env, TERM: "xterm-256color" },
    reject: false,
    timeout: 120_000,
  });
  await until(run.stdout, run.pid as number);
  run.stdin.write(key);
  const { exitCode, stdout } = await run;
  return { exitCode, text: stripVTControlCharacters(stdout) };
}
