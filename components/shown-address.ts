/** A text whose addresses have no user and password. */
export function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^\s/@]*@/g, "://");
}

/** A text whose addresses have no queries. Registries send clients on to storage whose addresses hold what opens it. */
export function withoutQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s"?]+)\?[^\s"]+/g, "$1?…");
}
