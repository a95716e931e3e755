import { CatalogReader } from "./catalog-reader";
import type { SecretUse } from "./dockerfile/stages";
import type { FileHashes } from "./file-hashes";
import type { FileSystem } from "./file-system";
import type { ContextFile } from "./files";
import { InputError } from "./input-error";
import type { PackageLock } from "./pins/locks";
import type { Upstream } from "./upstreams";

/** One image of the family: a folder with a Dockerfile. */
export interface CatalogLayer {
  /** The folder's name, which is also the name other Dockerfiles use. */
  readonly name: string;
  /** What the image is for, in a sentence; undefined where image.yaml does not say. */
  readonly description: string | undefined;
  /** The build context: a folder. */
  readonly context: string;
  /** The user's own Dockerfile. */
  readonly dockerfilePath: string;
  /** The Dockerfile in its normal form. */
  readonly dockerfile: string;
  /** For each line of `dockerfile` the 1-based line of the user's file. */
  readonly dockerfileLines: readonly number[];
  /** What the build reads of its context, sorted by path. */
  readonly files: readonly ContextFile[];
  /** The layers beneath, by name, sorted. */
  readonly layers: readonly string[];
  /** The upstreams beneath, sorted by name. */
  readonly upstreams: readonly Upstream[];
  /** Those of the two whose change makes steps run; upon a change of another one the result is only laid anew. */
  readonly runsInside: readonly string[];
  /** The ONBUILD steps of the images beneath that its build runs, as text. */
  readonly inherited: readonly string[];
  /** Whether its build runs commands, so that a cache is worth its upload. */
  readonly runsCommands: boolean;
  /** The layers that its stages build upon, its own among them: what its cache has beside the image. */
  readonly stageBases: readonly string[];
  /** The stages that can be built while the layers beneath still are. */
  readonly prefetch: readonly string[];
  /** The secrets that its steps mount. */
  readonly secrets: readonly SecretUse[];
  /** For each image that its Dockerfile uses, a layer or an upstream, by name: the platforms of it that the build takes. */
  readonly needs: Readonly<Record<string, NeededPlatforms>>;
  /** The platforms that its build runs commands on, sorted. The builder's own (`$BUILDPLATFORM`) is not among them. */
  readonly commandPlatforms: readonly string[];
  /** What the image itself stands on: a layer's or an upstream's name; undefined for `scratch`. */
  readonly base: string | undefined;
  /** The locks of packages that its steps read. */
  readonly packageLocks: readonly PackageLock[];
  /** What image.yaml gives in the place of ARGs' defaults. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Sorted, each once. */
  readonly platforms: readonly string[];
  /** Those of them that its tests run on. */
  readonly testPlatforms: readonly string[];
  /** The most that the image may add to its base, compressed; undefined where image.yaml does not say. @example "550 MB" */
  readonly sizeBudget: string | undefined;
  /** Whether its steps give files the same times in each build, so that none are rewritten; undefined for no. */
  readonly timestamps: Timestamps;
  /** Raised to have the image built anew; 0 unless image.yaml says otherwise. */
  readonly rebuild: number;
  /** Whether its Dockerfile could be read. */
  readonly readable: boolean;
}

/** `constant` where an image's steps give its files the same times in each build. */
export type Timestamps = "constant" | undefined;

export interface NeededPlatforms {
  /** Sorted. @example ["linux/amd64", "linux/arm64"] */
  readonly platforms: readonly string[];
  /** Whether also that of the machine that builds (`$BUILDPLATFORM`), which only a build knows. */
  readonly ofBuilder: boolean;
}

/** The family: each layer after all that it needs. */
export type Catalog = readonly CatalogLayer[];

/** Where a family is read from. */
export interface CatalogSource {
  /** The folder of the layers. @example "images" */
  readonly images: string;
  /** The repository's root, which contexts in image.yaml are relative to. @default the working directory */
  readonly root?: string;
  /** The pinned upstreams, by name. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** The file to name in errors about pins; undefined for a family that has no pins, of which none is missed. */
  readonly pinsFile: string | undefined;
  /** For layers whose image.yaml names none. */
  readonly platforms: readonly string[];
  /** The ids of the secrets that builds can be given. @default unknown, so that none is missed */
  readonly secrets?: ReadonlySet<string>;
  /** Of files on disk. @default none are kept */
  readonly hashes?: FileHashes;
  /** Layers that need not be read, since all that they are read from is as it was. @default none */
  readonly known?: (name: string) => CatalogLayer | undefined;
  /** Where all of it is. @default the disk */
  readonly system?: FileSystem;
  /**
   * Where given, an image in this registry and path with a layer's name is that layer, whatever its tag: for a family that was
   * not made for Strata. @example "ghcr.io/acme"
   */
  readonly prefix?: string;
  /** Where given, the only files that count: paths relative to the root. */
  readonly only?: ReadonlySet<string>;
}

/** A family as far as it can be read, and what is wrong with it. */
export interface CatalogSurvey {
  readonly layers: Catalog;
  readonly problems: readonly InputError[];
}

/**
 * Reads a family from its folder: every folder in it with a Dockerfile is a layer.
 *
 * @throws InputError with all that is wrong: a folder that is missing or empty, a name that no registry would take, an image
 *   that is neither a layer nor pinned, a source that is not there, layers that need each other in a circle, and what
 *   cannot be read
 */
export function readCatalog(source: CatalogSource): Catalog {
  const { layers, problems } = surveyCatalog(source);
  if (problems.length > 0) throw InputError.of(problems);
  return layers;
}

/**
 * Reads a family as far as it can be read, for one that was not made for Strata. A layer whose Dockerfile cannot be read is
 * taken to read its whole context, and to stand on whatever a FROM or a `--from` in it names. A name that would close a circle
 * is an upstream's.
 *
 * @throws InputError for a folder that is missing or empty
 */
export function surveyCatalog(source: CatalogSource): CatalogSurvey {
  return new CatalogReader(source).read();
}
