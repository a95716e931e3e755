import { createLogUpdate } from "log-update";
import { pipedInterval, seconds } from "../terminal";
import { type LayerProgress, waits } from "./layer-events";

/** A terminal, or a file or pipe in its place. */
export type Screen = Pick<NodeJS.WriteStream, "write" | "isTTY"> &
  Partial<Pick<NodeJS.WriteStream, "columns" | "rows">>;

/** How long a line may be where there is no terminal whose width it could have: of a step, what tells it from others. */
const pipedColumns = 160;

/** In milliseconds: how often the live part is drawn, so that its times go on. */
const interval = 500;

/**
 * Shows what becomes of the layers of an update: lines that stay, and on a terminal beneath them, live, what is being done. Where
 * nobody watches, a line of it now and then.
 */
export class ProgressView {
  private readonly live: ReturnType<typeof createLogUpdate> | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly begun = new Map<string, number>();
  private layers: readonly LayerProgress[] = [];

  constructor(private readonly screen: Screen = process.stdout) {
    // What runs long may print nothing.
    this.timer = setInterval(() => this.draw(), screen.isTTY ? interval : pipedInterval).unref();
    if (screen.isTTY) this.live = createLogUpdate(screen as NodeJS.WriteStream);
  }

  /** @param layers all of which something is known by now */
  show(layers: readonly LayerProgress[]): void {
    this.layers = layers;
    for (const { name, step } of layers) {
      if (step === undefined) this.begun.delete(name);
      else if (!this.begun.has(name)) this.begun.set(name, Date.now());
    }
  }

  /** Writes a line that stays. */
  keep(line: string): void {
    if (this.live) this.live.persist(line);
    else this.screen.write(`${line}\n`);
  }

  end(): void {
    clearInterval(this.timer);
    this.live?.clear();
    this.live?.done();
  }

  private draw(): void {
    if (!this.live) {
      for (const line of this.lines(Number.POSITIVE_INFINITY)) this.screen.write(`${clipped(line, pipedColumns)}\n`);
      return;
    }
    const { columns = 80, rows = 24 } = this.screen;
    // Two lines less than the terminal has, so that nothing of the live part scrolls away.
    const lines = this.lines(rows - 2).map((line) => clipped(line, columns - 1));
    this.live(lines.join("\n"));
  }

  private lines(most: number): string[] {
    return progressLines(this.layers, (name) => (Date.now() - (this.begun.get(name) ?? Date.now())) / 1000, most);
  }
}

/**
 * What is being done, a line for each layer, and one for all: `2 done, 3 in the making, 1 in the queue`.
 *
 * @param secondsOf since when a layer is in the making
 * @param most how many lines there is room for; at least 2
 */
export function progressLines(
  layers: readonly LayerProgress[],
  secondsOf: (layer: string) => number,
  most: number,
): string[] {
  const busy = layers.filter(({ step }) => step !== undefined);
  const queued = layers.filter(waits).length;
  if (busy.length + queued === 0) return [];
  const done = layers.filter(
    (layer) => layer.seconds !== undefined && layer.step === undefined && !layer.failed,
  ).length;
  const shown = busy.length < most ? busy : busy.slice(0, Math.max(1, most - 2));
  const hidden = busy.length - shown.length;
  return [
    ...shown.map(({ name, step, line }) => {
      // What a step prints tells more than that it is the same step.
      const said = line === undefined || line.includes(step as string) ? "" : `: ${withoutNumber(line)}`;
      const doing = `${step}${said}`.replace(/[\p{Cc}\s]+/gu, " ");
      return `  ${name.padEnd(16)} ${seconds(secondsOf(name)).padStart(6)}  ${doing}`;
    }),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    `  ${done} done, ${busy.length} in the making${queued > 0 ? `, ${queued} in the queue` : ""}`,
  ];
}

/** `#8 3.897 Unpacking make` → `Unpacking make` */
function withoutNumber(line: string): string {
  return line.replace(/^#\d+ (\d+\.\d+ )?/, "");
}

function clipped(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}
