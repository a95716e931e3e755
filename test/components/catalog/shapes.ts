import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { readImageName } from "../../../components/catalog/image-name";
import { withFolder } from "./folder";

/** A Dockerfile of a shape that is seen in the world, with what BuildKit reads for it. */
export interface Shape {
  readonly slug: string;
  /** Path → contents, the path itself where there are none; `a -> b` is a symbolic link a to b. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly dockerfile: string;
  readonly dockerignore?: string;
  readonly dockerfileIgnore?: string;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly expected: { readonly parents: string[]; readonly files: string[] } | { readonly error: string };
  /** Where the catalog means to differ from BuildKit. */
  readonly strata?: { readonly files: string[] } | { readonly error: string } | "leaves it to BuildKit";
}

const folder = join(__dirname, "dockerfiles");

export function readShapes(): Shape[] {
  return readdirSync(folder).map((name) => ({
    slug: name.replace(/\.yaml$/, ""),
    ...parse(readFileSync(join(folder, name), "utf8")),
  }));
}

/** An image as BuildKit names it. */
export function fullName(name: string): string {
  const read = readImageName(name);
  return `${read?.repository}${read?.tag || !read?.digest ? `:${read?.tag ?? "latest"}` : ""}${read?.digest ? `@${read.digest}` : ""}`;
}

/** Calls the action with the path of a folder `image` that holds the shape, and removes it when the action, or what it promised, is done. */
export function withShape<T>(shape: Shape, action: (image: string) => T): T {
  const { dockerfile, dockerignore, dockerfileIgnore } = shape;
  const written = {
    "image/Dockerfile": dockerfile,
    ...(dockerignore === undefined ? {} : { "image/.dockerignore": dockerignore }),
    ...(dockerfileIgnore === undefined ? {} : { "image/Dockerfile.dockerignore": dockerfileIgnore }),
  };
  return withFolder(written, (folder) => {
    const image = join(folder, "image");
    for (const [path, contents] of Object.entries(shape.files ?? {})) {
      const [name = "", target] = path.split(" -> ");
      mkdirSync(dirname(join(image, name)), { recursive: true });
      if (target === undefined) writeFileSync(join(image, name), contents ?? path);
      else symlinkSync(target, join(image, name));
    }
    return action(image);
  });
}
