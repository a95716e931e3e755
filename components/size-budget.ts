import type { CatalogLayer } from "./catalog/catalog";
import { InputError } from "./catalog/input-error";
import { bytesOf, megabytesOf } from "./catalog/size";
import type { FilesystemLayer } from "./image";

/** How many of the biggest filesystem layers an error names. */
const named = 3;

/**
 * What is wrong with an image that adds more than its budget.
 *
 * @param addedBytes undefined where it could not be found out, which was told then
 * @param biggest what it adds, asked only of an image that is too big
 */
export async function checkSize(
  { name, base, dockerfilePath, sizeBudget }: Pick<CatalogLayer, "name" | "base" | "dockerfilePath" | "sizeBudget">,
  addedBytes: number | undefined,
  biggest: () => Promise<readonly FilesystemLayer[]>,
): Promise<InputError | undefined> {
  if (sizeBudget === undefined || addedBytes === undefined || addedBytes <= bytesOf(sizeBudget)) return undefined;
  const layers = await biggest().catch(() => []);
  const lines = [...layers]
    .sort((a, b) => b.size - a.size)
    .slice(0, named)
    .map(({ size, step }) => `  ${megabytesOf(size)}  ${step ?? "of a step that its history does not name"}`);
  const what = `${name} adds ${megabytesOf(addedBytes)}${base === undefined ? "" : ` to ${base}`}, compressed`;
  return new InputError(
    dockerfilePath.replace(/Dockerfile$/, "image.yaml"),
    [`sizeBudget: ${what}, and may add ${sizeBudget}; make it smaller, or raise the budget`, ...lines].join("\n"),
  );
}
