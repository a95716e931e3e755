import { InputError } from "../input-error";
import type { Copy, Step } from "./stages";

/** What triggers that nobody knows may take. */
export const everything: Copy = {
  from: undefined,
  sources: ["/"],
  mayBeRemote: false,
  hasChecksum: false,
  linked: false,
};

/** A URL or a Git repository; a path such as github.com/a/b is a path (frontend/dockerfile/dfgitutil). */
export function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source);
}

/** A Git repository may be pinned to a commit behind its name. */
export function isPinned(source: string): boolean {
  return /#[0-9a-f]{40}(?:[0-9a-f]{24})?(?::|$)/.test(source);
}

export function unpinnedSource(source: string, place: string): InputError {
  const how = `write ADD --checksum=sha256:… ${source}, or of a Git repository the commit: …#<commit>`;
  return new InputError(place, `ADD of ${source} has no checksum; ${how}`);
}

/** The stages and images that a step takes files from. */
export function fromsOf(step: Step): string[] {
  if (step.kind === "copy") return step.copy.from === undefined ? [] : [step.copy.from];
  if (step.kind === "run") return step.mounts.flatMap(({ from }) => (from === undefined ? [] : [from]));
  return [];
}

export function contextSourcesOf(step: Step): string[] {
  if (step.kind === "copy") return step.copy.from === undefined ? [...step.copy.sources] : [];
  if (step.kind === "run") return step.mounts.flatMap(({ from, source }) => (from === undefined ? [source] : []));
  return [];
}

/** `./a//b/../c` → `a/c`; what would leave the context stays at its top, as in BuildKit. */
export function cleaned(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
