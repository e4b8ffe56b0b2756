import type { PredictFilesEvent, PredictFilesSummary } from "../../jobs/prediction/predict-files";
import { shownPath } from "../../base/shown-path";
import { progressLine, type ProgressLine } from "../terminal/show-progress";
import { duration, type Terminal } from "../terminal/terminal";
import { factLines, grouped, sentence } from "../terminal/text-layout";

/** Shows the events of a prediction of files: a bar on a terminal, lines elsewhere, or JSON. */
export class BulkView {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #progress: ProgressLine;

  constructor(terminal: Terminal, { json }: { readonly json: boolean }) {
    this.#terminal = terminal;
    this.#json = json;
    this.#progress = progressLine(terminal, { atOnce: true });
  }

  show(event: PredictFilesEvent): void {
    if (this.#json) return void this.#terminal.out.write(`${JSON.stringify(event)}\n`);
    if (event.type === "planning") {
      const words = `Planning: ${grouped(event.files)} of ${grouped(event.of)} files`;
      this.#progress.update(event.files / Math.max(1, event.of), words);
    } else if (event.type === "progress") {
      const { records, total } = event;
      this.#progress.update(total === undefined || total === 0 ? 0 : records / total, progressWords(event));
    } else if (event.type === "planned") {
      const known = event.records === undefined ? "" : ` and ${count(event.records, "record")}`;
      this.line(`${count(event.files, "file")} with ${count(event.shards, "shard")}${known}.`);
    } else if (event.type === "retry") this.line(`Shard ${event.job} is tried again: ${event.error}`);
    else if (event.outcome === "failed") this.line(`Shard ${event.job} failed: ${event.error ?? ""}`);
  }

  /** Prints a line on standard error, above the bar. */
  line(text: string): void {
    this.#progress.print(sentence(text, this.#terminal.err));
  }

  stop(): void {
    this.#progress.stop();
  }
}

/** Progress in one line; what matters least comes last, since a narrow terminal cuts there. */
function progressWords(event: Extract<PredictFilesEvent, { type: "progress" }>): string {
  const { records, total, recordsPerSecond, secondsLeft, shards, corrupt } = event;
  const of = total === undefined ? "" : ` of ${grouped(total)}`;
  const rate = recordsPerSecond < 10 ? recordsPerSecond.toFixed(1) : grouped(Math.round(recordsPerSecond));
  return [
    `${grouped(records)}${of}`,
    `${rate}/s`,
    ...(secondsLeft === undefined ? [] : [`${left(secondsLeft)} left`]),
    ...(shards.of === 1 ? [] : [`${shards.done}/${shards.of} shards`]),
    ...(shards.failed === 0 ? [] : [`${shards.failed} failed`]),
    ...(corrupt === 0 ? [] : [`${corrupt} corrupt`]),
  ].join(" · ");
}

function left(seconds: number): string {
  const days = seconds / 86_400;
  return days < 2 ? duration(1000 * seconds) : `${days.toFixed(1)} days`;
}

function count(number: number, unit: string): string {
  return `${grouped(number)} ${unit}${number === 1 ? "" : "s"}`;
}

/** The end of a prediction as lines for people. */
export function bulkLines(
  summary: PredictFilesSummary,
  { terminal, output }: { terminal: Terminal; output: string },
): string[] {
  const { records, texts, encoded, withoutText, corrupt, superseded, seconds, failed, shards } = summary;
  const some = (number: number, name: string, words: string): [string, string][] =>
    number === 0 ? [] : [[name, `${grouped(number)} ${words}`]];
  return factLines(
    [
      ["Predictions", `${grouped(texts)} in ${shownPath(output)}/results`],
      ...some(encoded === texts ? 0 : encoded, "Encoder", "texts read; the cascade's screen decided the others"),
      ...some(withoutText, "Without text", "records, such as those without an abstract"),
      ...some(superseded, "Superseded", "records, which later files replace or delete"),
      ...some(corrupt, "Corrupt", "records; problems.jsonl beside the predictions names them"),
      ...some(failed.length, "Failed", `of ${grouped(shards)} shards; the same command tries them again`),
      [
        "Time",
        `${duration(1000 * seconds)}, ${grouped(Math.round(records / Math.max(seconds, 1e-3)))} records a second`,
      ],
    ],
    terminal,
  );
}
