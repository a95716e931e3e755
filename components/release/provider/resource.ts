import { z } from "zod";

/** What a value is in a preview that does not know it yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** What marks a value that the program keeps secret: { [mark]: secret, value }. */
const mark = "4dabf18193072939515e22adb298388d";

/** The properties of a resource as the engine sends them. */
export type Properties = Readonly<Record<string, unknown>>;

/** What is done with the resources of one type. */
export interface Operations {
  /**
   * @param olds the inputs of before; undefined for a resource that is new
   * @returns what is wrong. The engine shows all of it, in a preview too, and does nothing with the resource
   */
  readonly check: (olds: Properties | undefined, news: Properties) => Promise<readonly string[]>;
  /** @param olds what was there. @returns the keys of what changes */
  readonly diff: (olds: Properties, news: Properties) => readonly string[];
  /** @param olds what was there; undefined for a resource that is new. @returns what is there now */
  readonly put: (olds: Properties | undefined, news: Properties) => Promise<Properties>;
  /** @returns what is there now, and the inputs that this stands for; undefined for nothing */
  readonly read: (props: Properties) => Promise<{ props: Properties; inputs: Properties } | undefined>;
  readonly delete: (props: Properties) => Promise<void>;
  /** Of a key, whether another value makes it another resource. */
  readonly replaces: (key: string) => boolean;
  readonly id: (news: Properties) => string;
}

/** Says that something was done only in part: `properties` are what is there now. */
export class HalfDone extends Error {
  override readonly name = "HalfDone";
  /** The SDK looks for these, and has the engine keep them, so that the next update goes on from there. */
  readonly reasons: readonly string[];
  id = "";

  constructor(
    message: string,
    readonly properties: Properties,
  ) {
    super(message);
    this.reasons = [message];
  }
}

/** The properties without the marks of secrets: a digest or a tag is none, whatever it was computed with. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (mark in value && "value" in value) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** A value; undefined where a preview does not know it yet. */
export function orUnknown<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === unknown ? undefined : value), schema.optional());
}
