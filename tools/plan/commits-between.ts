import { execa } from "execa";
import { mostCommits } from "./release-print";

/** A commit that lies between two images. */
export interface CommitLine {
  /** The full SHA. */
  readonly commit: string;
  /** The first line of its message. */
  readonly subject: string;
}

/** In milliseconds, for one call of git. */
const timeLimit = 30_000;

/**
 * The commits that one image has and another has not, newest first, as this clone has them; of a rollback those that go.
 *
 * @param from what was checked out for the build of the one, `-dirty` behind it or not
 * @param paths where the files of the image are. @default everywhere
 * @returns undefined where that cannot be told: one of them is not in this clone
 */
export async function commitsBetween(
  from: string,
  to: string,
  folder: string,
  paths: readonly string[] = [],
): Promise<readonly CommitLine[] | undefined> {
  const range = [from, to].map((commit) => commit.replace(/-dirty$/, "")).join("...");
  const args = [
    "-C",
    folder,
    "log",
    "--format=%H%x09%s",
    `--max-count=${mostCommits + 1}`,
    "--end-of-options",
    range,
    "--",
    ...paths,
  ];
  const { stdout, failed } = await execa("git", args, { timeout: timeLimit, reject: false });
  if (failed) return undefined;
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [commit = "", ...subject] = line.split("\t");
      return { commit, subject: subject.join("\t") };
    });
}
