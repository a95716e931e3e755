import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { localStack } from "../../components/local-stack";
import { root } from "../../tools/home";
import { localBuilder } from "../../tools/services/buildkit";
import { recoverStack } from "../../tools/stack/recover";
import { makeScratchProject } from "../../tools/stack/scratch-project";
import type { Workspace } from "../workspace";
import type { Contender } from "./contender";

/** (e) */
export const strata: Contender = {
  id: "e",
  title: "Strata",
  about: "The stack `local` as `npm start` sets it up, without image tests, which no other one runs.",
  shown: () => "pulumi up --yes --skip-preview",
  prepare: async (work) => {
    makeScratchProject(work.folder, join(root, "upstreams.yaml"));
    makeVerbs(work);
    await pulumi(work, "stack", "init", "local");
    const { registry, organisation } = work.place;
    const config = { registry, organisation, builder: localBuilder, standIns: work.home.standInsFile, tests: "none" };
    for (const [key, value] of Object.entries(config)) await pulumi(work, "config", "set", `strata:${key}`, value);
  },
  build: (work) => pulumi(work, "up", "--yes", "--skip-preview"),
  forget: (work) => {
    for (const name of ["contexts", "file-hashes.json"]) {
      rmSync(join(work.folder, ".strata", name), { recursive: true, force: true });
    }
  },
  recover: recoverProject,
  imageOf: (layer) => ({ repository: layer, tag: "b-" }),
};

export function pulumi(work: Workspace, ...args: readonly string[]): Promise<void> {
  return work.run("pulumi", [...args, "--non-interactive"]);
}

/** As `strata recover --yes`: nobody else has a stack of the benchmark's. */
export async function recoverProject(work: Workspace): Promise<void> {
  await recoverStack({ folder: work.folder, stack: localStack, env: work.env, yes: true });
}

/** The verbs take the folder that they lie in for the project, so it gets copies of them. */
function makeVerbs({ folder, home }: Workspace): void {
  for (const name of ["bin", "tools"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const own = join(folder, ".strata");
  mkdirSync(own, { recursive: true });
  const links = [
    ...["bin", "pulumi"].map((name) => [name, join(root, ".strata", name)] as const),
    ...["run", "logs", "tls", "docker", "registry-port", "stand-ins.yaml", "passphrase"].map(
      (name) => [name, join(home.folder, name)] as const,
    ),
    ["state", join(folder, "state")] as const,
  ];
  for (const [name, target] of links) if (!existsSync(join(own, name))) symlinkSync(target, join(own, name));
}
