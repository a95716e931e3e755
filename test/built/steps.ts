/**
 * The stages of which a build ran a command, in the order of the log; none that a cache had.
 *
 * @param log what BuildKit prints with `--progress plain`: `#12 [linux/amd64 mise 2/3] RUN npm ci`, `#12 DONE 1.2s` or `#12 CACHED`. The last stage
 *   has the name `stage-N` where the Dockerfile gives it none.
 */
export function stagesThatRan(log: string): string[] {
  const stages = new Map<string, string>();
  const ran: string[] = [];
  for (const line of log.split("\n")) {
    const [, step, stage] = /^(#\d+) \[(?:\S+\/\S+ )?(\S+) +\d+\/\d+\] RUN /.exec(line) ?? [];
    if (step && stage) stages.set(step, stage);
    const [, done] = /^(#\d+) DONE /.exec(line) ?? [];
    const of = done === undefined ? undefined : stages.get(done);
    if (of !== undefined) ran.push(of);
  }
  return ran;
}
