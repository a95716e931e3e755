import assert from "node:assert/strict";
import { join } from "node:path";
import type { Catalog } from "../../components/catalog/catalog";
import { readUpstreams } from "../../components/catalog/upstreams";
import { catalogBesidesLocks, type PinsSurvey, surveyPins, writeChanges } from "../../tools/pins/pins";
import { pinsText } from "../../tools/pins/print";
import { localBuilder } from "../../tools/services/buildkit";
import { buildLog, failedStep } from "../../tools/stack/build-logs";
import { builtLayers } from "../../tools/stack/built-layers";
import { upWithPresentPackages } from "./locks";
import { home, Project } from "./project";

const install =
  "RUN --mount=type=bind,source=packages.lock,target=/packages.lock apt-get update" +
  " && apt-get install -y --no-install-recommends $(cat /packages.lock) && rm -rf /var/lib/apt/lists/*\n";

/** Two layers that install packages with few dependencies, and one above that installs none. */
const family = {
  "images/base/Dockerfile": `FROM debian:trixie-slim\n${install}`,
  "images/base/packages.txt": "jq # with two libraries\n",
  "images/more/Dockerfile": `FROM base\n${install}`,
  "images/more/packages.txt": "# in base already, but for tree\njq\ntree\n",
  "images/more/packages.lock": "",
  "images/app/Dockerfile": "FROM more\nCOPY --link file /file\n",
  "images/app/file": "app\n",
  "no-upstreams.yaml": "",
};

function familyOf({ folder }: Project, images = "images", pinsFile = "upstreams.yaml"): Catalog {
  return catalogBesidesLocks({
    images: join(folder, images),
    upstreams: readUpstreams(join(folder, pinsFile), home.standInsFile),
    pinsFile,
    platforms: ["linux/amd64"],
  });
}

/** @param pinsFile none by default: asking registries that may be out of reach takes seconds */
function survey(
  project: Project,
  { catalog = familyOf(project), pinsFile = "no-upstreams.yaml" } = {},
): Promise<PinsSurvey> {
  const { env, stackName, folder } = project;
  const built = () => builtLayers(stackName, env, folder);
  return surveyPins({ catalog, pinsFile: join(folder, pinsFile), builder: localBuilder, env, built, report: () => {} });
}

/** Of one layer's lock what is not the same, as `name: state`. */
function movedIn(found: PinsSurvey, layer: string): string[] {
  return found.pins
    .filter(({ file, state }) => file.endsWith(`/${layer}/packages.lock`) && state !== "same")
    .map(({ name, state }) => `${name}: ${state}`);
}

describe("package pins", () => {
  let project: Project;
  before(async () => {
    project = await Project.make(family);
  });
  after(() => project?.remove());

  it("are made of everything that an install adds, with what is affected, and say what is not built yet", async () => {
    const found = await survey(project);
    assert.deepEqual(movedIn(found, "base"), ["jq: new", "libjq1: new", "libonig5: new"]);
    assert.deepEqual(found.pins.find(({ name }) => name === "jq")?.layers, ["base", "more", "app"]);
    assert.equal(found.problems.length, 1);
    assert.match(
      found.problems[0] ?? "",
      /more\/packages\.lock: stands on the layer "base", which this stack has not built/,
    );
    assert.match(pinsText(found, false), /base\/packages\.lock +3 packages +– +– +new lock +base, more, app\n/);
    writeChanges(found.changes);
    assert.match(project.read("images/base/packages.lock"), /^jq=\S+\nlibjq1=\S+\nlibonig5=\S+\n$/);
    await project.up();
  });

  it("of a layer on a layer are what it adds to it, and moved once the list has", async () => {
    const found = await survey(project);
    assert.deepEqual(movedIn(found, "base"), []);
    assert.deepEqual(movedIn(found, "more"), ["tree: new"]);
    assert.deepEqual(found.problems, []);
    writeChanges(found.changes);
    const { layers } = await project.up();
    assert.deepEqual(layers.base?.action, "unchanged");
    assert.deepEqual(layers.more?.reasons, ["M packages.lock"]);
  });

  it("have nothing to write the second time, and build nothing", async () => {
    const { changes, problems } = await survey(project);
    assert.deepEqual({ changes, problems }, { changes: [], problems: [] });
    assert.deepEqual(Object.keys((await project.preview()).changes), ["same"]);
  });

  it("that the archive has dropped fail the build, with the package and what to do, and are written anew", async () => {
    const lock = project.read("images/more/packages.lock");
    project.write("images/more/packages.lock", "tree=0.9-1\n");
    project.append("images/base/Dockerfile", "RUN echo newer > /base\n");
    const before = (await builtLayers(project.stackName, project.env, project.folder)).get("base");
    await assert.rejects(project.up());
    const after = (await builtLayers(project.stackName, project.env, project.folder)).get("base");
    assert.notEqual(after, before, "what was built of an update that failed counts");
    const log = (await buildLog("more", localBuilder, project.env, project.folder)) ?? "";
    assert.match(failedStep(log), /\nThe archive no longer has tree 0\.9-1; run strata pins --write/);

    const found = await survey(project);
    const [tree] = found.pins.filter(({ state }) => state === "moved");
    assert.ok(tree?.name === "tree" && tree.pin === "0.9-1" && tree.dropped);
    assert.match(pinsText(found, false), /tree +0\.9-1 +\S+ +the archive no longer has the pin +more, app\n/);
    writeChanges(found.changes);
    assert.equal(project.read("images/more/packages.lock"), lock);
    await project.up();
  });

  it("that the archive has dropped are written anew by npm start, which goes on", async () => {
    const lock = project.read("images/more/packages.lock");
    project.write("images/more/packages.lock", "tree=0.9-1\n");
    const told: string[] = [];
    const { layers } = await upWithPresentPackages(project, {}, (text) => void told.push(text));
    assert.equal(project.read("images/more/packages.lock"), lock);
    assert.equal(layers.more?.failed, false);
    assert.match(told.join("\n"), /resolved anew.*\nWrote \S*images\/more\/packages\.lock: git diff shows/);
  });

  it("name the line of a package that there is not, and of a list that no step reads", async () => {
    project.write("images/base/packages.txt", "jq\nno-such-package # a typing mistake\n");
    project.write("images/app/packages.txt", "curl\n");
    const { problems } = await survey(project);
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? "", /app\/packages\.txt: no step of .*app\/Dockerfile reads packages\.lock beside it/);
    assert.match(
      problems[1] ?? "",
      /base\/packages\.txt:2: cannot be installed on debian:trixie-slim: .*no-such-package/,
    );
    project.write("images/base/packages.txt", family["images/base/packages.txt"]);
    project.delete("images/app/packages.txt");
  });

  it("of upstreams are compared with their registries, and one that does not answer is no failure", async () => {
    const old = `sha256:${"1".repeat(64)}`;
    const [here, there] = [`${project.registry}/${project.organisation}/base`, "localhost:1/nobody/here:1"];
    const digest = (await project.layers()).base?.digest as string;
    await project.run("regctl", "image", "copy", `${here}@${digest}`, `${here}:13`);
    project.write("pins.yaml", `# ours\n${here}:13: ${old} # of May\n${here}:lost: ${old}\n${there}: ${old}\n`);
    // What is pinned now is nowhere, so that a lock can only be resolved on what would be pinned.
    project.write("others/up/Dockerfile", `FROM ${here}:13\n${install}`);
    project.write("others/up/packages.txt", "jq\n");
    const catalog = familyOf(project, "others", "pins.yaml");
    const found = await survey(project, { catalog, pinsFile: "pins.yaml" });
    assert.deepEqual(found.problems, []);
    assert.deepEqual(
      found.pins.filter(({ kind }) => kind === "upstream").map(({ state, now }) => [state, now]),
      [
        ["moved", digest],
        ["gone", null],
        ["unknown", null],
      ],
    );
    assert.deepEqual(found.pins[0]?.layers, ["up"]);
    writeChanges(found.changes);
    assert.equal(project.read("others/up/packages.lock"), "", "jq is in the image beneath");
    assert.equal(
      project.read("pins.yaml"),
      `# ours\n${here}:13: ${digest} # of May\n${here}:lost: ${old}\n${there}: ${old}\n`,
    );
  });
});
