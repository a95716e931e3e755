import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ignore from "@balena/dockerignore";
import { InputError } from "./input-error";

/** A file of a build context. The owner, the time and the umask do not count: none of them is what the image is made of. */
export interface ContextFile {
  /** Relative to the context, with forward slashes. */
  readonly path: string;
  /** `755` where the owner may execute it, `644` otherwise, `link` for a symbolic link. */
  readonly mode: "644" | "755" | "link";
  /** sha256 of the contents, 64 hexadecimal digits; of a link's target for a link. */
  readonly hash: string;
}

/**
 * Lists what a build of this folder can read: every file that the ignore file leaves in, sorted by path. The Dockerfile
 * and the ignore files stay out; the Dockerfile is an input of its own.
 *
 * @throws InputError for a symbolic link that points nowhere or out of the folder
 */
export function readContextFiles(folder: string): ContextFile[] {
  const ignores = readIgnoreFile(folder);
  const paths = walk(folder, "").filter((path) => !isDescription(path) && !ignores(path));
  const files = paths.sort((a, b) => (a < b ? -1 : 1)).map((path) => readContextFile(folder, path));
  for (const file of files) if (file.mode === "link") checkLink(folder, file.path, paths);
  return files;
}

/** The files as one text, a line `hash mode path` each: what Pulumi keeps, compares, and shows as a diff. */
export function filesText(files: readonly ContextFile[]): string {
  return files.map((file) => `${file.hash} ${file.mode} ${file.path}\n`).join("");
}

function readContextFile(folder: string, path: string): ContextFile {
  const absolute = join(folder, path);
  const stat = lstatSync(absolute);
  if (stat.isSymbolicLink()) {
    return { path, mode: "link", hash: sha256(readlinkSync(absolute)) };
  }
  return { path, mode: stat.mode & 0o100 ? "755" : "644", hash: sha256(readFileSync(absolute)) };
}

/** The docker-build provider stops hashing a folder at a link that points nowhere, so that edits after it go unseen. */
function checkLink(folder: string, link: string, paths: readonly string[]): void {
  const target = readlinkSync(join(folder, link));
  const reached = relative(folder, resolve(folder, dirname(link), target))
    .split(sep)
    .join("/");
  if (target.startsWith("/") || reached === ".." || reached.startsWith("../")) {
    throw new InputError(join(folder, link), `points to ${target}, outside the build context; copy the file instead`);
  }
  if (reached === "" || paths.some((path) => path === reached || path.startsWith(`${reached}/`))) return;
  throw new InputError(
    join(folder, link),
    `points to ${target}, which is not in the build context; remove the link, add the file, or do not ignore it`,
  );
}

function walk(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    return entry.isDirectory() ? walk(folder, path) : [path];
  });
}

function isDescription(path: string): boolean {
  return path === "Dockerfile" || path === ".dockerignore" || path === "Dockerfile.dockerignore";
}

function readIgnoreFile(folder: string): (path: string) => boolean {
  for (const name of ["Dockerfile.dockerignore", ".dockerignore"]) {
    let text: string;
    try {
      text = readFileSync(join(folder, name), "utf8");
    } catch {
      continue;
    }
    // ignorecase: false is what BuildKit does.
    const rules = ignore({ ignorecase: false }).add(text.split(/\r?\n/));
    return (path) => rules.ignores(path.split("/").join(sep));
  }
  return () => false;
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
