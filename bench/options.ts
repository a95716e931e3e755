import { Command, InvalidArgumentError, Option } from "commander";
import { type CaseName, type Choice, type ContenderId, caseNames, contenderIds } from "./schedule";

/** What the command line asks for. */
export interface Options extends Choice {
  /** In minutes, of each command. */
  readonly limit: number;
  /** The folder that the document is written to. */
  readonly output: string;
  /** Whether to run nothing and write the document of what there is. */
  readonly report: boolean;
  /** Whether runs that failed are tried again. */
  readonly retry: boolean;
  /** Whether all that was measured is forgotten first. */
  readonly fresh: boolean;
}

const defaultCases = caseNames.filter((name) => name !== "full");

/** @param args without the program's name. @throws what commander throws for wrong use, and for --help */
export function readOptions(args: readonly string[]): Options {
  const program = new Command("npm run bench --")
    .description(
      "Measures Strata beside what else builds a family of images, and writes a document with plots and results.json.\n" +
        "What is measured is kept under .strata/bench: an interrupted run goes on where it was.",
    )
    .addOption(listOption("--case <names>", "what to measure", caseNames, defaultCases))
    .addOption(listOption("--contenders <names>", "what builds the images", contenderIds, contenderIds))
    .option("--runs <n>", "how often each thing is measured", positive, 3)
    .addOption(
      new Option(
        "--family <name>",
        "the chain of the cases cold, mix, cutoff and profile; small is built in a minute, tiny is for trying this out",
      )
        .choices(["sindri", "small", "tiny"])
        .default("sindri"),
    )
    .option("--sizes <numbers>", "how many layers the families of noop and memory have", sizes, [3, 14, 100, 500])
    .option("--full", "play 30 changes of the mix as well, in an order that is always the same", false)
    .option("--limit <minutes>", "the longest that a command may take", positive, 60)
    .option(
      "--output <folder>",
      "where the document goes (docs/benchmark; of a part, or of another family, .strata/bench/<family>)",
    )
    .option("--report", "run nothing; write the document of what was measured", false)
    .option("--retry", "try again what failed", false)
    .option("--fresh", "forget all that was measured, and begin anew", false)
    .exitOverride();
  program.parse(args, { from: "user" });
  const { case: cases, output, ...options } = program.opts<Omit<Options, "cases"> & { case: readonly CaseName[] }>();
  const isPart = ["case", "contenders", "sizes", "family"].some((name) => program.getOptionValueSource(name) === "cli");
  const usual = isPart ? `.strata/bench/${options.family}` : "docs/benchmark";
  const full = options.full || cases.includes("full");
  return { ...options, cases, full, output: output ?? usual };
}

function listOption<T extends CaseName | ContenderId>(
  flags: string,
  description: string,
  known: readonly T[],
  usual: readonly T[],
): Option {
  const parse = (value: string): T[] =>
    value.split(",").map((name) => {
      const found = known.find((one) => one === name);
      if (found) return found;
      throw new InvalidArgumentError(`there is no "${name}"; there are ${known.join(", ")}`);
    });
  return new Option(flags, `${description}, of ${known.join(",")}`).argParser(parse).default(usual, usual.join(","));
}

function sizes(value: string): number[] {
  return value.split(",").map(positive);
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("expected a number, 1 or more");
}
