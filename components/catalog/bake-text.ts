/**
 * A bake file's data with all its texts as they are: buildx takes `${…}` and `%{…}` in them for templates
 * (docs.docker.com/build/bake/expressions).
 */
export function literal<T>(data: T): T {
  if (typeof data === "string") return data.replace(/[$%]\{/g, (start) => `${start[0]}${start}`) as T;
  if (Array.isArray(data)) return data.map(literal) as T;
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, literal(value)])) as T;
}
