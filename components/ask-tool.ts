import { type ExecFileException, execFile } from "node:child_process";

/** Why a program gave no answer. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  /**
   * @param reason `missing` where there is no such program, `late` where its time ran out
   * @param said what it printed as errors
   */
  constructor(
    readonly reason: "missing" | "late" | "failed",
    readonly said: string,
  ) {
    super(said);
  }
}

export interface AskOptions {
  /** In milliseconds, after which the program is killed. */
  readonly limit: number;
  /** On top of this process's own; what is undefined is unset. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Kills the program when it is aborted. */
  readonly signal?: AbortSignal;
  /** Kills the program when it prints this as an error, which is one then. */
  readonly unless?: RegExp;
}

/** In bytes. No manifest and no list of builders comes near. */
const longestAnswer = 32 * 1024 * 1024;

/**
 * Asks a program something, and gives what it prints.
 *
 * @throws NoAnswer where it is not there, fails, or takes too long
 */
export function askTool(command: string, args: readonly string[], asked: AskOptions): Promise<string> {
  const { limit, env, signal, unless } = asked;
  const options = {
    env: { ...process.env, ...env },
    timeout: limit,
    killSignal: "SIGKILL",
    maxBuffer: longestAnswer,
    ...(signal ? { signal } : {}),
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (unless?.test(stderr)) reject(new NoAnswer("failed", stderr.trim()));
      else if (error) reject(noAnswer(error, command, stderr, limit));
      else resolve(stdout);
    });
    if (unless) child.stderr?.on("data", (text) => unless.test(String(text)) && child.kill("SIGKILL"));
  });
}

function noAnswer(error: ExecFileException, command: string, stderr: string, limit: number): NoAnswer {
  if (error.code === "ENOENT") return new NoAnswer("missing", `there is no ${command} on PATH`);
  if (error.name === "AbortError") return new NoAnswer("late", `${command} was ended`);
  if (error.killed) return new NoAnswer("late", `${command} gave no answer within ${limit / 1000} s`);
  return new NoAnswer("failed", stderr.trim() || error.message);
}
