import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { text as toText } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { InputError } from "../../components/catalog/input-error";
import type { Plan } from "../../components/catalog/plan";
import { homeAt, root } from "../home";
import { planSince } from "../plan/since";
import { planStack } from "../plan/stack";
import { catalogOf } from "../stack/config-files";
import { environmentOf } from "../stack/environment";
import { installTools } from "../toolchain/install";
import { planTools } from "../toolchain/tools";
import { stackOption, toStderr } from "../verb";
import { dotOf } from "./dot";
import { type FamilyGraph, graphOfCatalog, graphOfPlan, readPlan } from "./family-graph";
import { pageOf } from "./page";
import { inlineSvgOf, svgOf } from "./svg";

const formats = ["svg", "html", "dot"] as const;
type Format = (typeof formats)[number];

interface GraphOptions {
  readonly stack: string;
  readonly output?: string;
  readonly format?: Format;
  /** A file; false for --no-plan. */
  readonly plan?: string | false;
  readonly images?: string;
  readonly since?: string;
  readonly prefix?: string;
}

export function addGraph(program: Command): void {
  program
    .command("graph")
    .description("draw the family, coloured by what an update would do, as SVG or as a page of its own")
    .option(...stackOption)
    .option("-o, --output <file>", "write into this file; its ending gives the format (standard output)")
    .addOption(new Option("--format <format>", "svg, or what the file's ending says").choices(formats))
    .option("--plan <file>", "draw what strata plan --json printed, - for standard input")
    .option("--no-plan", "draw the family alone")
    .option("--images <folder>", "draw the images of this folder by their Dockerfiles alone, without a stack")
    .option("--since <commit>", "with --images: compare with this commit (HEAD)")
    .option("--prefix <registry/path>", "with --images: images of this registry and path are the folder's own")
    .action(async (options: GraphOptions) => {
      const output = options.output === undefined ? undefined : resolve(options.output);
      if (output !== undefined) refuseFolder(output);
      const format = formatOf(options);
      const graph = await graphOf(options);
      const drawn = await draw(graph, format);
      if (output === undefined) process.stdout.write(drawn);
      else write(output, drawn);
    });
}

async function graphOf({ stack, plan, images, since, prefix }: GraphOptions): Promise<FamilyGraph> {
  if (typeof plan === "string") {
    if (images !== undefined || since !== undefined)
      throw new Error("--plan is a plan already: leave --images and --since");
    return plan === "-" ? readPlan("standard input", await readStandardInput()) : readPlan(plan, read(plan));
  }
  if (images === undefined) {
    if (since !== undefined || prefix !== undefined) {
      throw new Error("--since and --prefix need --images, the folder whose images are compared");
    }
    const catalog = catalogOf(stack, root);
    return plan === false ? graphOfCatalog(stack, catalog) : graphOfPlan(await planOf(stack), catalog);
  }
  const changes = await planSince(images, since ?? "HEAD", prefix === undefined ? {} : { prefix });
  for (const warning of changes.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (plan !== false) return { title: `Images in ${images} since ${since ?? "HEAD"}`, layers: changes.layers };
  const layers = changes.layers.filter(({ action }) => action !== "removed");
  return {
    title: `Images in ${images}`,
    layers: layers.map((layer) => ({ ...layer, action: undefined, reasons: [] })),
  };
}

async function planOf(stack: string): Promise<Plan> {
  await installTools(planTools, toStderr);
  const plan = await planStack(stack, environmentOf(homeAt(), stack));
  for (const warning of plan.warnings) process.stderr.write(`warning: ${warning}\n`);
  return plan;
}

async function draw(graph: FamilyGraph, format: Format): Promise<string> {
  if (format === "dot") return dotOf(graph);
  if (format === "svg") return svgOf(graph, dotOf(graph));
  return pageOf(graph, await inlineSvgOf(graph, dotOf(graph, { legend: false })));
}

function formatOf({ output, format }: GraphOptions): Format {
  if (format !== undefined) return format;
  if (output === undefined) return "svg";
  const ending = extname(output).slice(1).toLowerCase();
  const found = formats.find((known) => known === ending);
  if (found) return found;
  throw new InputError(output, `the ending says no format; use .${formats.join(", .")}, or --format`);
}

/** Before anything is read and drawn in vain. */
function refuseFolder(file: string): void {
  if (existsSync(file) && statSync(file).isDirectory()) throw new InputError(file, "is a folder; name a file in it");
  if (!existsSync(dirname(file))) throw new InputError(file, "there is no such folder to write it into");
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) throw new Error("--plan - reads standard input: strata plan --json | strata graph --plan -");
  return toText(process.stdin);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new InputError(file, `cannot be read: ${(error as Error).message}`);
  }
}

function write(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new InputError(file, `cannot be written: ${(error as Error).message}`);
  }
}
