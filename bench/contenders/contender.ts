import type { CatalogLayer } from "../../components/catalog/catalog";
import type { ContenderId } from "../schedule";
import type { Workspace } from "../workspace";

/** A way to build a family, as its own documentation would have it done. */
export interface Contender {
  readonly id: ContenderId;
  /** @example "one Dockerfile, no cache" */
  readonly title: string;
  /** Why it is done so, in a sentence or two. */
  readonly about: string;
  /** What is typed, or what CI runs, for each change; shown in the document. */
  readonly shown: (place: Place) => string;
  /** Writes what it needs beside the family's images: once, and not measured. */
  readonly prepare?: (work: Workspace) => Promise<void> | void;
  /** Rewrites what follows from the images, after a change and not measured. */
  readonly refresh?: (work: Workspace) => Promise<void> | void;
  /** Brings the registry to what the images are now. This is what is measured. */
  readonly build: (work: Workspace) => Promise<void>;
  /** Takes back what stays of the builds before, as on a fresh machine. */
  readonly forget?: (work: Workspace) => void;
  /** Goes on after a build that was interrupted, and not measured. */
  readonly recover?: (work: Workspace) => Promise<void>;
  /** Where a layer's image is: the repository beneath the organisation, and what its tags begin with. */
  readonly imageOf: (layer: string) => { readonly repository: string; readonly tag: string };
}

/** Where images go and what builds them. */
export interface Place {
  /** Host and port. */
  readonly registry: string;
  readonly organisation: string;
  readonly builder: string;
}

/** What a contender of several images needs to know of one. */
export type BenchLayer = Pick<CatalogLayer, "name" | "context" | "dockerfilePath" | "layers" | "upstreams" | "rebuild">;

export function imageAt({ registry, organisation }: Place, name: string): string {
  return `${registry}/${organisation}/${name}`;
}

/** Arguments that hand upstreams to a build by their pins, so that all contenders build on the same. */
export function upstreamContexts(layers: readonly BenchLayer[]): string[] {
  const upstreams = new Map(layers.flatMap(({ upstreams }) => upstreams.map(({ name, ref }) => [name, ref])));
  return [...upstreams].flatMap(([name, ref]) => ["--build-context", `${name}=docker-image://${ref}`]);
}

/** As a shell would be given it, an option a line where it is long. */
export function commandText(args: readonly string[]): string {
  const quoted = args.map((arg) => (/[*;$ ]/.test(arg) ? `'${arg}'` : arg));
  const line = quoted.join(" ");
  return line.length <= 110 ? line : line.replaceAll(/ (?=--)/g, " \\\n    ");
}
