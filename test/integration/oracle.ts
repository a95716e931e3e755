import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { toolsFolder } from "../../tools/home";
import { goInstall } from "../../tools/toolchain/go-install";
import { dockerfileOracle } from "../../tools/toolchain/tools";

/** What BuildKit itself reads for a Dockerfile; tools/toolchain/oracle documents it. */
export interface OracleAnswer {
  readonly parents: readonly string[];
  /** The platforms that each of them is resolved for. The builder's is linux/amd64. */
  readonly platforms: Readonly<Record<string, readonly string[]>>;
  /** The platforms that steps run commands on. */
  readonly commands: readonly string[];
  readonly files: readonly { readonly path: string; readonly mode: string; readonly hash: string }[];
  /** Equal for Dockerfiles that build the same. */
  readonly identity: string;
  readonly error?: string;
}

export interface OracleRequest {
  readonly dockerfile: string;
  readonly context: string;
  readonly arguments?: Readonly<Record<string, string>>;
  /** @default linux/amd64 */
  readonly platform?: string;
  /** The ONBUILD triggers of images, by their full names. */
  readonly onbuild?: Readonly<Record<string, readonly string[]>>;
}

/** BuildKit's own reader of Dockerfiles, as a process that shares no code with the catalog. */
export class Oracle {
  private readonly process = execa(join(toolsFolder, dockerfileOracle.name), {
    stdin: "pipe",
    buffer: false,
    reject: false,
  });
  private readonly answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();

  static async start(): Promise<Oracle> {
    await goInstall([dockerfileOracle], () => {});
    return new Oracle();
  }

  async ask(request: OracleRequest): Promise<OracleAnswer> {
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error("the oracle ended");
    return JSON.parse(value) as OracleAnswer;
  }

  async stop(): Promise<void> {
    this.process.stdin.end();
    await this.process;
  }
}
