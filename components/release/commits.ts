export interface Commits {
  readonly changed: ReadonlyMap<string, string | undefined>;
  readonly branch: string | undefined;
}
export async function commitsOf(..._: unknown[]): Promise<Commits> {
  return { changed: new Map(), branch: undefined };
}
