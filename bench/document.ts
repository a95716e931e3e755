import { bytesText } from "../tools/terminal";
import { bytesOr, isThere, markdownTable, nameOf, percent, rowsOf, secondsCell, trafficCell } from "./cells";
import type { Place } from "./contenders/contender";
import { contenders } from "./contenders/contenders";
import { baselineMinutes, Measurements, type Summary } from "./figures";
import { verdictsOf } from "./goals";
import { losses } from "./losses";
import type { Measured } from "./records";
import { type Results, sizesIn } from "./results";
import { type Choice, type ContenderId, caseNames, contenderIds, mixChanges, type Run, schedule } from "./schedule";
import { changeNames, thingName } from "./things";

/** What the document is made of. */
export interface Told {
  readonly records: readonly Measured[];
  readonly results: Results;
  /** Pictures, as `![about](file)`, by file. */
  readonly pictures: Readonly<Record<string, string>>;
}

/** Where commands in the document push to. */
const examplePlace: Place = { registry: "ghcr.io", organisation: "acme", builder: "strata-local" };

/** The document as Markdown: where Strata loses, goals, then each case that was measured, how, and on what. */
export function documentOf(told: Told): string {
  const measured = new Measurements(told.records);
  const sections = [
    headOf(told),
    losses(told, measured),
    goals(told),
    failures(told),
    mixOf(told, measured),
    noopOf(told, measured),
    coldOf(told, measured),
    cutoffOf(told, measured),
    fullOf(told),
    fleetOf(told, measured),
    memoryOf(told, measured),
    bigOf(told, measured),
    profileOf(told),
    catalogOf(told),
    contendersOf(told),
    howOf(),
    machineOf(told.results),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function headOf({ results, records }: Told): string {
  const { from, to, commits, family } = results;
  const chain = family === "sindri" ? "the chain in images/" : `the family \`${family}\`, not the chain in images/`;
  const beside =
    family === "sindri"
      ? " [by-hand.md](by-hand.md) has what is not measured here, and\n[decision 21](../decisions/0021-benchmark.md) what is taken for fair."
      : "";
  return `# Strata beside what else builds a family of images

\`npm run bench\` measured it, ${from.slice(0, 10)} to ${to.slice(0, 10)}, at ${commits.map((commit) => `\`${commit}\``).join(", ")}, on ${chain}.
Seconds and bytes are medians. Where seconds are not of three runs, how many they are of is in brackets, which then holds for all that follows from
them: goals, savings, ratios. [results.json](results.json) has it all, [runs.jsonl](runs.jsonl) each run.${beside}${missingOf(results, records)}`;
}

/** What the whole benchmark has and was not measured, by contender. */
function missingOf({ family }: Results, records: readonly Measured[]): string {
  const all = { cases: caseNames, contenders: contenderIds, runs: 1, sizes: [3, 14, 100, 500], full: true } as const;
  const keyOf = ({ case: name, family, contender, what }: Run) =>
    [name, family, contender, name === "full" ? "" : what].join("/");
  const there = new Set(records.map(keyOf));
  const missing = new Map<string, Set<string>>();
  for (const run of schedule({ ...all, family: family as Choice["family"] })) {
    if (there.has(keyOf(run))) continue;
    const name = run.case === "full" ? "thirty changes" : thingName(run);
    missing.set(name, (missing.get(name) ?? new Set()).add(run.contender === "cz" ? "c with zstd" : run.contender));
  }
  if (missing.size === 0) return "";
  const listed = [...missing].map(([name, who]) => `${name} (${[...who].sort().join(", ")})`);
  return `\n\nNot measured: ${listed.join("; ")}.`;
}

function failures({ results }: Told): string {
  const failed = results.things.filter((thing) => thing.failures.length > 0);
  if (failed.length === 0) return "";
  const lines = failed.map((thing) => {
    const last = (thing.failures.at(-1) ?? "").trim().split("\n").at(-1) ?? "";
    const often = thing.failures.length === 1 ? "" : ` (${thing.failures.length} times)`;
    return `- ${nameOf(thing.contender)}, ${thingName(thing)}${often}: ${last}`;
  });
  return `## What failed\n\n${lines.join("\n")}`;
}

function goals({ results, records }: Told): string {
  const rows = verdictsOf(results, records).map(({ what, goal, got, met }) => [
    what,
    goal,
    met === undefined ? "not measured" : got,
    met === undefined ? "" : met ? "met" : "**missed**",
  ]);
  return `## Goals\n\n${markdownTable(["what", "goal", "measured", ""], rows)}`;
}

function mixOf({ results, pictures }: Told, measured: Measurements): string {
  const { family } = results;
  const by = (id: ContenderId) => mixChanges.map((change) => measured.of("mix", family, id, change));
  const ids = contenderIds.filter((id) => by(id).some(isThere));
  if (ids.length === 0) return "";
  const heads = mixChanges.map((change) => changeNames[change] ?? change);
  const table = (cell: (summary: Summary) => string) =>
    markdownTable(
      ["", ...heads],
      ids.map((id) => [nameOf(id), ...by(id).map(cell)]),
    );
  const savings = ids.map((id) => {
    const { app, tooling, system, weighted, minutes } = results.mix[id] ?? {};
    const week = minutes === undefined ? "–" : String(Math.round(baselineMinutes * (1 - minutes) * 100) / 100);
    return [nameOf(id), ...[app, tooling, system, weighted].map(percent), week];
  });
  return `## A week's changes

A change to the chain, on a machine that has nothing cached. 70 of 100 changes are of app, 20 of tools (half of them a version, half a
configuration), 10 of the system.

${pictures["mix.svg"] ?? ""}

Seconds:

${table(secondsCell)}

Bytes pulled / pushed:

${table(({ pulledBytes, pushedBytes }) => (pulledBytes === undefined ? "–" : `${bytesText(pulledBytes)} / ${bytesText(pushedBytes ?? 0)}`))}

Images pushed / RUN steps that ran:

${table(({ images, steps }) => (images === undefined ? "–" : `${images} / ${steps ?? "–"}`))}

Saved of what (a1) takes. The published figures are 95 %, 50 %, 0 %, and 76.5 % weighted; and 36.75 minutes of a runner a week, of ${baselineMinutes}.
Weighted is the mean of the savings by how often a kind of change comes; minutes are of the time itself.

${markdownTable(["", "app", "tooling", "system", "weighted", "minutes a week"], savings)}`;
}

function noopOf({ records, pictures }: Told, measured: Measurements): string {
  const heads = ["strata plan", "pulumi preview", "pulumi up", "bake", "bake, without an output"];
  const rows = sizesIn(records.filter((one) => one.case === "noop")).map((size) => {
    const ours = ["plan", "preview", "up"].map((what) => measured.of("noop", `layers${size}`, "e", what));
    const theirs = ["push", "bake"].map((what) => measured.of("noop", `layers${size}`, "c", what));
    return [String(size), ...[...ours, ...theirs].map(secondsCell)];
  });
  if (rows.length === 0) return "";
  return `## Nothing changed

Seconds, by the number of layers. BuildKit has everything in its cache, which is bake's best case; Strata does not ask it.
In results.json \`bake\` is the one without an output, which finds out what a plan finds out, and \`push\` the other, which does what an update does.

${pictures["noop.svg"] ?? ""}

${markdownTable(["layers", ...heads], rows)}`;
}

function coldOf({ results, pictures }: Told, measured: Measurements): string {
  const tables = [results.family, "layers100"].flatMap((family) => {
    const rows = contenderIds
      .map((id) => [nameOf(id), measured.of("cold", family, id, "first")] as const)
      .filter(([, summary]) => isThere(summary));
    if (rows.length === 0) return [];
    const bake = measured.of("cold", family, "c", "first").seconds;
    const what = family === "layers100" ? "100 small layers" : "The chain";
    const cells = rows.map(([name, summary]) => [
      name,
      secondsCell(summary),
      summary.seconds === undefined || bake === undefined ? "–" : `${(summary.seconds / bake).toFixed(2)} ×`,
      trafficCell(summary),
    ]);
    return [`${what}:\n\n${markdownTable(["", "seconds", "of bake", "pulled / pushed"], cells)}`];
  });
  if (tables.length === 0) return "";
  return `## The first build\n\nOf which nobody has a cache, and of which the registry has nothing.\n\n${[pictures["cold.svg"], ...tables].filter(Boolean).join("\n\n")}`;
}

function cutoffOf({ results }: Told, measured: Measurements): string {
  const rows = rowsOf(measured, "cutoff", results.family, "rebuild");
  if (rows.length === 0) return "";
  return `## A base that comes out the same

The steps of base run again though nothing of it changed, on a machine that has nothing cached. Where the image comes out bit by bit as before,
nothing above it needs to be touched.

${markdownTable(["", "seconds", "pulled / pushed", "images pushed"], rows)}`;
}

function fullOf({ results }: Told): string {
  const rows = contenderIds.flatMap((id) => {
    const found = results.full[id];
    return found ? [[nameOf(id), String(found.changes), String(Math.round(found.seconds)), percent(found.saved)]] : [];
  });
  if (rows.length === 0) return "";
  return `## Thirty changes\n\nThe mix in an order that is the same for all (\`--full\`).\n\n${markdownTable(["", "changes", "seconds", "saved"], rows)}`;
}

function fleetOf(_: Told, measured: Measurements): string {
  const service = rowsOf(measured, "fleet", "fleet", "service");
  const shared = rowsOf(measured, "fleet", "fleet", "shared");
  if (service.length + shared.length === 0) return "";
  const heads = ["", "seconds", "pulled / pushed", "images pushed"];
  return `## A fleet

21 Go services of one module with a shared package, on an image with Debian's Go; a machine that has nothing cached. One Dockerfile makes one image, so
(a1) and (a2) have no place here.

An edit in one service:

${markdownTable(heads, service)}

An edit in the shared package:

${markdownTable(heads, shared)}`;
}

function memoryOf({ records }: Told, measured: Measurements): string {
  const names: Readonly<Record<string, string>> = { preview: "pulumi preview", up: "pulumi up", bake: "bake" };
  const rows = sizesIn(records.filter((one) => one.case === "memory")).flatMap((size) =>
    (["preview", "up", "bake"] as const).flatMap((what) => {
      const summary = measured.of("memory", `layers${size}`, what === "bake" ? "c" : "e", what);
      const { peakBytes, diskBytes, stateBytes } = summary;
      if (peakBytes === undefined) return [];
      return [[String(size), names[what] ?? what, bytesText(peakBytes), bytesOr(diskBytes), bytesOr(stateBytes)]];
    }),
  );
  if (rows.length === 0) return "";
  return `## Memory and disk

Nothing changed. The most memory that all processes of a command have at once, without BuildKit and the registry: the sum of their proportional shares
(PSS), looked at every 50 ms. On the disk is what Strata keeps in the project: staged contexts, and the state with its history.

${markdownTable(["layers", "command", "memory", "disk", "of that the state"], rows)}`;
}

function bigOf({ records }: Told, measured: Measurements): string {
  const families = [...new Set(records.filter((one) => one.case === "big").map(({ family }) => family))];
  return families
    .map((family) => {
      const heads = ["", "seconds", "pulled / pushed", "images pushed"];
      const parts = [
        ["Nothing changed", rowsOf(measured, "big", family, "nothing")],
        ["One file changed", rowsOf(measured, "big", family, "file")],
      ] as const;
      const what = family === "big" ? "20,000 files, 1 GB" : "400 files, 20 MB";
      const tables = parts
        .filter(([, rows]) => rows.length > 0)
        .map(([name, rows]) => `${name}:\n\n${markdownTable(heads, rows)}`);
      return `## A large context\n\nOne layer of ${what}, on a machine that has nothing cached, nor staged.\n\n${tables.join("\n\n")}`;
    })
    .join("\n\n");
}

function profileOf({ records }: Told): string {
  const last = new Map(
    records
      .filter((one) => one.case === "profile" && one.phases)
      .map((one) => [`${one.family}/${one.what}`, one] as const),
  );
  const parts = [...last.values()].map(({ family, what, phases = [], cpu = [] }) => {
    const layers = /^layers(\d+)$/.exec(family)?.[1];
    const of = layers === undefined ? "the chain" : `${layers} layers`;
    const name =
      what === "preview"
        ? `A preview of ${of} where nothing changed`
        : `An update of ${of} after a file of app changed, cold`;
    const sum = phases.reduce((total, [, time]) => total + time, 0);
    const rows = [...phases.map(([phase, time]) => [phase, String(time)]), ["all", String(sum)]];
    const used = cpu
      .filter(([, seconds]) => seconds >= 0.05)
      .map(([process, seconds]) => `${process} ${seconds.toFixed(1)} s`);
    const processor =
      used.length === 0 ? "" : `\n\nOf the processor, by process, in a run of its own: ${used.join(", ")}.`;
    return `${name}:\n\n${markdownTable(["part", "ms"], rows)}${processor}`;
  });
  return parts.length === 0 ? "" : `## Where the time goes\n\nOne run each, by timestamps.\n\n${parts.join("\n\n")}`;
}

function catalogOf({ records }: Told): string {
  const last = new Map(
    records.filter((one) => one.case === "catalog" && one.phases).map((one) => [one.what, one.phases] as const),
  );
  if (last.size === 0) return "";
  const rows = [...last].map(([layers, phases = []]) => [
    layers,
    (Number(layers) * 40).toLocaleString("en"),
    ...phases.map(([, time]) => `${Math.round(time)} ms`),
  ]);
  return `## Reading a catalog

From the call to the result, without any hash kept and again; the last run.

${markdownTable(["layers", "files", "cold", "again"], rows)}`;
}

function contendersOf({ records }: Told): string {
  const there = contenderIds.filter((id) => records.some(({ contender }) => contender === id));
  const parts = there.map((id) => {
    const { about, shown } = contenders[id];
    return `### ${nameOf(id)}\n\n${about}\n\n\`\`\`sh\n${shown(examplePlace)}\n\`\`\``;
  });
  return `## The contenders

All build the same contents with the same BuildKit into the same registry, one after the other in turns. Upstreams are handed to each by their pins
(\`--build-context\`, \`contexts\`), which the commands here leave out.

${parts.join("\n\n")}`;
}

function howOf(): string {
  return `## How it is measured

- A figure is the time of the whole command, Pulumi's start included.
- "A machine that has nothing cached" is an emptied BuildKit, of which \`buildctl du\` then has nothing to say. The registry keeps what the state before the change
  left in it; so do Pulumi's state and the clone. What Strata stages and hashes in the clone is thrown away. The tools are
  installed, and were just read.
- What is pulled and pushed is what the registry's access log says: the bodies of answers to GET, and the size of each blob that was uploaded. Manifests that are pushed, of a few kB,
  are not counted.
- After each change the images that it concerns must be others than before; a run of which that is not so counts as failed, and so does one that
  does not end in time.
- Contenders take turns, round by round. What was measured again since, as after a change of Strata, has no such turn.
- No image tests run.
- (a1), (a2), (b) and (c) attest how an image was built, as buildx does by itself, and (c) pushes a cache of each layer, also of one that runs nothing. Strata
  does neither. Of small layers that is most of what (c) pushes.`;
}

function machineOf({ machine }: Results): string {
  const { cpu, cores, memoryBytes, system, tools, standIns = [] } = machine;
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return `## The machine\n\n${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB of memory; ${system}.\n${versions.join(", ")}.${standIns.length > 0 ? `\nBuilt on stand-ins, made from Debian's packages, for ${standIns.join(", ")}.` : ""}`;
}
