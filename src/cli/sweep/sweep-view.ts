import { formatNumber, formatSeconds } from "../../figures/format";
import type { SweepEvent } from "../../jobs/search/sweep/sweep-event";
import { valueText, type Settings } from "../../jobs/search/space/search-space";
import { winnerLines } from "../../jobs/search/winner/winner-lines";
import { LiveBar } from "../terminal/live-bar";
import { styled, type Terminal } from "../terminal/terminal";

/** Shows a sweep: a line for each finished trial, and below them a bar with the best trial and what runs. */
export class SweepView {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #started = performance.now();
  readonly #settings = new Map<number, Settings>();
  readonly #running = new Set<number>();
  #bar: LiveBar | undefined;
  #metric = "";
  #trials: number | undefined;
  #resumed = 0;
  #count = 0;
  #ended = 0;
  #pruned = 0;
  #best: { readonly number: number; readonly value: number } | undefined;

  constructor(terminal: Terminal, { json }: { json: boolean }) {
    this.#terminal = terminal;
    this.#json = json;
  }

  show(event: SweepEvent): void {
    if (this.#json) return void this.#terminal.out.write(`${JSON.stringify(event)}\n`);
    this.#take(event);
    if (event.type === "searched" || event.type === "winner") this.close();
    for (const line of this.#lines(event)) this.#line(line);
    if (!this.#terminal.live || event.type === "finished" || event.type === "searched") return;
    this.#bar ??= new LiveBar(this.#terminal.out);
    this.#bar.update(this.#trials === undefined ? 0 : this.#ended / this.#trials, this.#words());
  }

  /** Shows a text that is no event. */
  notice(text: string): void {
    if (this.#json) this.#terminal.err.write(`${text}\n`);
    else this.#line(text);
  }

  warn(text: string): void {
    this.notice(styled(this.#terminal, "yellow", text));
  }

  /** Removes the bar. */
  close(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #take(event: SweepEvent): void {
    switch (event.type) {
      case "start":
        this.#metric = event.metric;
        this.#trials = event.trials;
        this.#resumed = event.resumed;
        this.#count = event.resumed;
        return;
      case "trial":
        this.#settings.set(event.number, event.settings);
        this.#running.add(event.number);
        if (!event.resumed) this.#count++;
        return;
      case "continued":
        this.#running.add(event.number);
        return;
      case "paused":
        this.#running.delete(event.number);
        return;
      case "pruned":
      case "complete":
      case "failed":
        if (event.type === "failed" && event.retries) return;
        this.#running.delete(event.number);
        this.#ended++;
        if (event.type === "pruned") this.#pruned++;
        if (event.type === "complete" && event.best) this.#best = event;
    }
  }

  #lines(event: SweepEvent): string[] {
    switch (event.type) {
      case "notice":
        return [event.message];
      case "start":
        return [
          `${event.resumed > 0 ? `Resuming after ${event.resumed} trials. ` : ""}${event.trials ?? "All"} trials, ${event.workers} at once; ${event.metric}, ${event.direction}.`,
          `Journal: ${event.journal}`,
        ];
      case "complete":
        return [
          `trial ${event.number}: ${this.#metric} ${formatNumber(event.value, 3)}${event.best ? ", the best so far" : ""} · ${this.#settingsText(event.number)}`,
        ];
      case "pruned":
        return this.#terminal.live ? [] : [`trial ${event.number}: pruned · ${this.#settingsText(event.number)}`];
      case "failed":
        return [
          styled(
            this.#terminal,
            "yellow",
            `trial ${event.number}: ${event.retries ? "tried again after" : "failed with"} ${event.error}`,
          ),
        ];
      case "winner":
        return [`Training trial ${event.number} with ${event.seeds.length} new seeds.`];
      case "winner-run":
        return [`seed ${event.seed}: ${this.#metric} ${formatNumber(event.value, 3)}`];
      case "finished":
        return event.winner === undefined ? [] : ["", ...winnerLines(event.winner)];
      default:
        return [];
    }
  }

  /** The words after the bar, the most important first: a narrow terminal cuts the rest. */
  #words(): string {
    const { number, value } = this.#best ?? {};
    return [
      `trial ${this.#count}${this.#trials === undefined ? "" : `/${this.#trials}`}`,
      value === undefined ? `no ${this.#metric} yet` : `best ${formatNumber(value, 3)} (trial ${number ?? 0})`,
      `${this.#running.size} running`,
      `${this.#pruned} pruned`,
      ...this.#timeLeft(),
    ].join(" · ");
  }

  #timeLeft(): string[] {
    const done = this.#ended;
    if (this.#trials === undefined || done === 0) return [];
    const left = Math.max(0, this.#trials - this.#resumed - done);
    return [`${formatSeconds((((performance.now() - this.#started) / 1000) * left) / done)} left`];
  }

  #settingsText(number: number): string {
    return Object.entries(this.#settings.get(number) ?? {})
      .map(([name, value]) => `${name} ${typeof value === "number" ? short(value) : valueText(value)}`)
      .join(", ");
  }

  #line(text: string): void {
    if (this.#bar === undefined) this.#terminal.out.write(`${text}\n`);
    else this.#bar.print(text);
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
