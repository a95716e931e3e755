import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommanderError } from "commander";
import { parse } from "yaml";
import { claim } from "../tools/claim";
import { homeAt, root } from "../tools/home";
import { prepareLocalState } from "../tools/stack/environment";
import { seconds } from "../tools/terminal";
import { installRunc, installTools, pathWithTools } from "../tools/toolchain/install";
import { planTools, serviceTools } from "../tools/toolchain/tools";
import { ensureStandIns } from "../tools/upstreams/stand-ins";
import { Hashes } from "./hashes";
import { machineHash, thisCommit, thisMachine } from "./machine";
import { type Options, readOptions } from "./options";
import { type Measured, Records } from "./records";
import { figuresText, runsFile, writeReport } from "./report";
import type { Bench } from "./runs/bench";
import { perform } from "./runs/perform";
import { contenderIds, estimate, type Run, runId, schedule } from "./schedule";
import { Services } from "./services";

/**
 * What `npm run bench` does: measures what was not measured yet, one run after the other, and writes the document after that.
 * `npm run bench -- --help` tells the options.
 */
const home = homeAt(join(root, ".strata/bench"));

async function main(options: Options): Promise<void> {
  process.env.PATH = pathWithTools();
  if (!options.report) requireOnly();
  const records = new Records(join(home.folder, "results.jsonl"), join(root, "docs/benchmark", runsFile));
  if (options.fresh && !options.report) records.drop(() => true);
  const machine = thisMachine();
  const place = { machine: machineHash(machine), commit: await thisCommit() };
  const hashes = new Hashes();
  const counts = (measured: Measured) =>
    measured.machine === place.machine && measured.code === codeOf(measured, hashes);
  if (options.retry && !options.report) records.drop(({ failed }) => failed !== undefined);
  const runs = schedule(options);
  const measured = (run: Run) => records.all.find((one) => counts(one) && runId(one) === runId(run));
  const left = () => runs.filter((run) => !measured(run));

  if (!options.report && left().length > 0) {
    const base = (run: Run, began: number) => ({
      ...run,
      ...place,
      at: new Date().toISOString(),
      code: codeOf(run, hashes),
      tookSeconds: Math.round((Date.now() - began) / 100) / 10,
    });
    const tell = (run: Run, text: string) => {
      const rest = left();
      const time = rest.length === 0 ? "" : `; ${rest.length} left, about ${seconds(estimate(rest, records.all))}`;
      print(`${runId(run)}: ${text}${time}`);
    };
    const services = await startAll();
    const bench: Bench = {
      home,
      services,
      hashes,
      limit: options.limit * 60_000,
      signal: stop.signal,
      ready: { milliseconds: 0 },
      measured,
      record: (run, figures, began) => {
        const measured = { ...base(run, began), ...figures };
        records.add(measured);
        tell(run, figuresText(measured));
      },
      recordFailure: (run, error, began) => {
        records.add({ ...base(run, began), failed: error.message.slice(-600) });
        tell(run, `failed: ${lastLine(error.message)}`);
      },
    };
    try {
      for (const run of runs) if (!measured(run) && !stop.signal.aborted) await perform(run, bench, print);
    } finally {
      await services.stop();
    }
  }
  if (stop.signal.aborted) return;
  const all = records.all.filter((one) => belongs(one.family, options.family));
  const counted = all.filter(counts);
  for (const id of contenderIds) {
    const dropped = all.filter((one) => one.contender === id && !counts(one)).length;
    if (dropped > 0)
      print(`Left out: ${dropped} runs of (${id}) on another machine, or of what is another program by now`);
  }
  if (counted.length === 0) throw new Error("nothing was measured yet, on this machine and of this program");
  const folder = resolve(root, options.output);
  await writeReport(folder, {
    records: counted,
    family: options.family,
    machine: { ...machine, standIns: standIns() },
  });
  print(`${options.output} has what ${counted.length} runs measured`);
}

/** Whether a family is told of in the document of a chain: another chain is not, nor what is measured in its company alone. */
function belongs(family: string, chain: Options["family"]): boolean {
  const others = ["sindri", "small", "tiny"].filter((name) => name !== chain);
  return ![...others, chain === "sindri" ? "big-small" : "big"].includes(family);
}

/** Of a run: what it was measured of. */
function codeOf({ contender, family }: Run, hashes: Hashes): string {
  return `${hashes.code(contender)}-${hashes.family(family)}`;
}

/** @throws Error where a benchmark runs already: it has the services, and would be slowed */
function requireOnly(): void {
  const holder = claim(join(home.folder, "bench.claim"));
  if (holder === undefined) return;
  throw new Error(`a benchmark runs already, as process ${holder}; wait for it or stop it with: kill -INT ${holder}`);
}

async function startAll(): Promise<Services> {
  await installTools([...planTools, ...serviceTools], () => {});
  await installRunc(() => {});
  const services = await Services.start(home);
  await ensureStandIns(join(root, "upstreams.yaml"), services.registry, home, () => {});
  prepareLocalState(home);
  return services;
}

/** The upstreams in whose place an image made on this machine was built on. */
function standIns(): string[] {
  const file = home.standInsFile;
  return existsSync(file) ? Object.keys((parse(readFileSync(file, "utf8")) ?? {}) as object) : [];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) print("Stopping. What was measured is kept; run the same again to go on.");
    stop.abort();
  });
}

async function start(): Promise<void> {
  await main(readOptions(process.argv.slice(2)));
}

start().then(
  () => {
    if (stop.signal.aborted) process.exitCode = 130;
  },
  (error: Error) => {
    // It has printed what it has to say.
    if (error instanceof CommanderError) process.exitCode = error.exitCode;
    else {
      if (!stop.signal.aborted) process.stderr.write(`${error.message}\n`);
      process.exitCode = stop.signal.aborted ? 130 : 1;
    }
  },
);
