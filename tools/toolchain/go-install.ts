import { execa, type ResultPromise } from "execa";
import type { Report } from "./install";
import { builtIn, type Tool } from "./tools";

const timeLimit = 30 * 60_000;

/**
 * Builds programs of one Go module into the folder that is theirs. What was compiled before is taken from Go's own cache, which also makes
 * an interrupted build go on where it was.
 *
 * @throws Error in one line where Go or the C compiler is missing, else with the compiler's own message
 */
export async function goInstall(tools: readonly Tool[], report: Report): Promise<void> {
  const [{ module }] = tools as [Tool];
  const names = tools.map((tool) => tool.name).join(", ");
  const packages = tools.map((tool) => tool.package);
  await requireCompilers(module);

  report(`${names}: fetching Go modules`);
  const total = await retried(() => countToCompile(module, packages));

  const progress = new Progress(total);
  const build = go(module, ["install", "-v", "-trimpath", "-ldflags", linkerFlags(tools), ...packages], {
    GOBIN: builtIn(tools[0] as Tool),
    CGO_ENABLED: "1",
  });
  try {
    // -v prints a package's name once it is compiled.
    for await (const _ of build.iterable({ from: "stderr" })) report(`${names}: ${progress.step()}`);
    await build;
  } catch (error) {
    const { stderr = "", shortMessage } = error as { stderr?: string; shortMessage?: string };
    // Before the first line that starts with # or go: there are only the names of what was compiled.
    const start = stderr.search(/^(#|go:)/m);
    throw new Error(`${names} could not be built: ${start === -1 ? shortMessage : stderr.slice(start)}`);
  }
}

function linkerFlags(tools: readonly Tool[]): string {
  return tools
    .filter((tool) => tool.versionVariable)
    .map((tool) => `-X ${tool.versionVariable}=${tool.plugin ? "" : "v"}${tool.version}`)
    .join(" ");
}

/** How many packages Go would compile; those in its cache do not count. Fetches the modules that are not there yet. */
async function countToCompile(module: string, packages: readonly string[]): Promise<number> {
  const format = "{{if .Stale}}{{.ImportPath}}{{end}}";
  const listed = await go(module, ["list", "-deps", "-trimpath", "-f", format, ...packages]);
  return listed.stdout.split("\n").filter(Boolean).length;
}

class Progress {
  private readonly started = Date.now();
  private compiled = 0;

  constructor(private readonly total: number) {}

  step(): string {
    this.compiled = Math.min(this.compiled + 1, this.total);
    const seconds = (Date.now() - this.started) / 1000;
    const left = Math.ceil(((seconds / this.compiled) * (this.total - this.compiled)) / 10) * 10;
    const known = this.compiled > 50 && seconds > 5;
    return `compiled ${this.compiled} of ${this.total} packages${known ? `, about ${left} s left` : ""}`;
  }
}

async function requireCompilers(module: string): Promise<void> {
  const version = await go(module, ["version"]).catch((error: Error) => error);
  if (version instanceof Error) {
    const why = /requires go|toolchain/.test(version.message) ? "Go 1.26 or newer is needed" : "Go is not installed";
    throw new Error(`${why}: Strata builds its tools from Go modules (https://go.dev/dl)`);
  }
  const compiler = await execa("cc", ["--version"], { reject: false, timeout: 10_000 });
  if (compiler.failed) throw new Error("A C compiler is needed (cc): install gcc or clang");
}

function go(
  module: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ResultPromise<{ timeout: number }> {
  return execa("go", [...args], {
    cwd: module,
    timeout: timeLimit,
    // The flags that somebody sets for their own work must not change what is built.
    env: { GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off", ...env },
  });
}

/** Downloads are safe to repeat. */
async function retried<T>(action: () => PromiseLike<T>, attempts = 3): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === attempts || (error as { signal?: string }).signal) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}
