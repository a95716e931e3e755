import { git } from "../../components/git/git";
import { mostCommits } from "./release-print";

/** A commit that lies between two images. */
export interface CommitLine {
  /** The full SHA. */
  readonly commit: string;
  /** The first line of its message. */
  readonly subject: string;
}

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
    "log",
    "--format=%H%x09%s",
    `--max-count=${mostCommits + 1}`,
    "--end-of-options",
    range,
    "--",
    ...paths,
  ];
  const said = await git(folder, args).catch(() => undefined);
  return said
    ?.split("\n")
    .filter(Boolean)
    .map((line) => {
      const [commit = "", ...subject] = line.split("\t");
      return { commit, subject: subject.join("\t") };
    });
}
