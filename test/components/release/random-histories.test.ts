import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import type { Catalog } from "../../../components/catalog/catalog";
import { InputError } from "../../../components/catalog/input-error";
import { commitsOf } from "../../../components/release/commits";
import { withFolder } from "../catalog/folder";
import { type Commit, catalogIn, configFiles, type Files, importHistory, Repository, source } from "./histories";

const digest = (digit: number) => `sha256:${String(digit).repeat(64)}`;

/** What may be in a commit: of each path one text, or none. */
const choices = {
  "Pulumi.yaml": ["config:\n  strata:platforms: { default: [linux/amd64] }\n", "config: {}\n"],
  "Pulumi.dev.yaml": [
    "config: {}\n",
    "# words\nconfig:\n  strata:registry: ghcr.io\n",
    "config:\n  strata:labels: { team: a }\n",
    "config:\n  strata:platforms: [linux/arm64]\n",
    "config:\n  strata:images: shared\n",
  ],
  "upstreams.yaml": [`a:1: ${digest(1)}\nb:1: ${digest(1)}\n`, `b:1: ${digest(1)}\na:1: ${digest(2)}\n`, "a:1: x\n"],
  "images/base/Dockerfile": [
    "FROM a:1\nCOPY etc /\n",
    "# words\nFROM a:1\nCOPY etc /\n",
    "FROM b:1\nCOPY etc /\n",
    undefined,
  ],
  "images/base/etc/motd": ["1\n", "2\n", undefined],
  "images/base/etc/issue": [undefined, "1\n"],
  "images/base/.dockerignore": [undefined, "**/issue\n", "# words\n"],
  "images/base/README.md": ["1\n", "2\n", undefined],
  "images/app/Dockerfile": ["FROM base\nCOPY . /\n", "FROM base:1\nCOPY run* /\n", "FROM b:1\nCOPY --from=base / /\n"],
  "images/app/run": ["1\n", "2\n"],
  "images/app/image.yaml": [
    undefined,
    "rebuild: 2\n",
    "timestamps: constant\n",
    "description: words\n",
    "arguments: { NO: such }\n",
  ],
  "images/top/Dockerfile": ["FROM app\nCOPY one /\n", "FROM scratch\nCOPY one /\n", undefined],
  "images/top/one": ["1\n"],
  "images/top/image.yaml": [undefined, "context: shared\n", "context: .\n"],
  one: ["1\n", "2\n"],
  "shared/one": ["1\n", "2\n"],
  "shared/app/Dockerfile": [undefined, "FROM b:1\n"],
} satisfies Record<string, (string | undefined)[]>;

type Path = keyof typeof choices;
const paths = Object.keys(choices) as Path[];

/** By path which of its texts. */
type State = Readonly<Record<Path, number>>;
const first = Object.fromEntries(paths.map((path) => [path, 0])) as State;

/** How a commit comes from those before it, each number being taken modulo what there is. */
interface Step {
  readonly parents: readonly number[];
  readonly edits: readonly (readonly [path: number, text: number])[];
  /** Of a merge, from which parent each path comes. */
  readonly from: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  // Most follow the one before.
  parents: fc.oneof(
    { weight: 6, arbitrary: fc.constant([0]) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(3)) },
    { weight: 3, arbitrary: fc.tuple(fc.nat(1), fc.nat(4)) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(2), fc.nat(4), fc.nat(4)) },
  ),
  edits: fc.array(fc.tuple(fc.nat(paths.length - 1), fc.nat(4)), { maxLength: 2 }),
  from: fc.oneof(
    fc.constant([0]),
    fc.constant([1]),
    fc.array(fc.nat(2), { minLength: paths.length, maxLength: paths.length }),
  ),
});

const focused = fc.uniqueArray(fc.nat(paths.length - 1), { minLength: 2, maxLength: 6 });

/** @param focus the paths that are edited: of a few each is, again and again */
function historyOf(steps: readonly Step[], focus: readonly number[]): Commit[] {
  const states: State[] = [first];
  const history: Commit[] = [{ files: filesOf(first), parents: [] }];
  for (const { parents, edits, from } of steps) {
    const indices = [...new Set(parents.map((back) => Math.max(0, states.length - 1 - back)))];
    const olds = indices.map((index) => states[index] as State);
    const state = { ...olds[0] } as Record<Path, number>;
    for (const [index, path] of paths.entries()) {
      state[path] = (olds[(from[index % from.length] ?? 0) % olds.length] as State)[path];
    }
    for (const [path, text] of edits) {
      const edited = paths[focus[path % focus.length] as number] as Path;
      state[edited] = text % choices[edited].length;
    }
    states.push(state);
    history.push({ files: filesOf(state), parents: indices });
  }
  return history;
}

function filesOf(state: State): Files {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const text = (choices[path] as (string | undefined)[])[state[path]];
      return text === undefined ? [] : [[path, text]];
    }),
  );
}

/** By layer all that it is made of, written out, of a checkout that is really there. */
function ingredients(files: Files): { catalog: Catalog; made: Map<string, string> } {
  return withFolder(files, (folder) => {
    try {
      const [own, project] = configFiles.map((file) => parse(files[file] ?? "").config ?? {});
      const platforms = own["strata:platforms"] ?? project["strata:platforms"]?.default ?? ["linux/amd64"];
      const catalog = catalogIn(folder, own["strata:images"] ?? "images", platforms);
      const made = new Map<string, string>();
      for (const layer of catalog) {
        const { files: read, dockerfile, arguments: given, upstreams, layers, base, description } = layer;
        const settings = [layer.rebuild, layer.timestamps, layer.platforms];
        const beneath = layers.map((parent) => [parent, made.get(parent)]);
        const pins = upstreams.map(({ name, digest: pin }) => [name, pin]);
        const labels = [base, description, own["strata:labels"]];
        made.set(layer.name, JSON.stringify([read, dockerfile, given, settings, pins, beneath, labels]));
      }
      return { catalog, made };
    } catch (error) {
      if (error instanceof InputError) return { catalog: [], made: new Map() };
      throw error;
    }
  });
}

/** By layer the place of the commit that last changed it: as the words say, step by step. */
function expected(history: readonly Commit[]): Record<string, number> {
  const made = history.map(({ files }) => ingredients(files).made);
  const find = (layer: string, at: number): number => {
    const same = (history[at] as Commit).parents.find((parent) => made[parent]?.get(layer) === made[at]?.get(layer));
    return same === undefined ? at : find(layer, same);
  };
  return Object.fromEntries([...(made.at(-1)?.keys() ?? [])].map((layer) => [layer, find(layer, history.length - 1)]));
}

describe("the commits that stand for layers, over random histories", () => {
  it("are those that a checkout of each commit tells, and kept answers change none", async () => {
    let merges = 0;
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), focused, async (steps, focus) => {
        const history = historyOf(steps, focus);
        const wanted = expected(history);
        const { files, parents } = history.at(-1) as Commit;
        if (parents.length > 1) merges++;
        await withFolder({}, async (folder) => {
          const ids = importHistory(folder, history);
          const repository = new Repository(folder);
          const known = join(folder, ".git/known.json");
          const ask = async () => {
            const { catalog } = onDisk(folder, files);
            const { changed } = await commitsOf(catalog, { ...source, folder, known, env: {} });
            return Object.fromEntries([...changed].map(([layer, id]) => [layer, ids.indexOf(id ?? "")]));
          };
          assert.deepEqual(sorted(await ask()), sorted(wanted));
          answers += Object.keys(wanted).length;
          // With what is known of the one before, as after a commit.
          if (steps.length % 3 === 0) assert.deepEqual(sorted(await ask()), sorted(wanted), "kept");
          else if (history.length > 1) {
            const before = history.length - 2;
            repository.git("checkout", "--quiet", "--force", ids[before] as string);
            const { catalog } = onDisk(folder, history[before]?.files ?? {});
            rmSync(known, { force: true });
            await commitsOf(catalog, { ...source, folder, known, env: {} });
            repository.git("checkout", "--quiet", "--force", ids.at(-1) as string);
            assert.deepEqual(sorted(await ask()), sorted(wanted), "with the one before");
          }
        });
      }),
      { numRuns: 60 },
    );
    assert.ok(merges > 3 && answers > 60, `${merges} merges, ${answers} answers`);
  });
});

/** The family of a folder that has these files checked out. */
function onDisk(folder: string, files: Files): { catalog: Catalog } {
  const [own, project] = configFiles.map((file) => parse(files[file] ?? "").config ?? {});
  const platforms = own["strata:platforms"] ?? project["strata:platforms"]?.default ?? ["linux/amd64"];
  try {
    return { catalog: catalogIn(folder, own["strata:images"] ?? "images", platforms) };
  } catch (error) {
    if (error instanceof InputError) return { catalog: [] };
    throw error;
  }
}

function sorted(map: Record<string, number>): [string, number][] {
  return Object.entries(map).sort();
}
