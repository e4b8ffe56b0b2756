import { Presets, SingleBar } from "cli-progress";

import { returnValueOf } from "../../base/return-value";
import { escapeHtml } from "../escape";
import { formatNumber, formatSeconds } from "../format";
import { processOutput, type Output } from "../output";
import { progressBlock } from "./progress-state";
import { experimentWords, type ExperimentEventLike, type ExperimentState } from "./experiment-words";

/** Options of {@link experimentProgress}. */
export interface ExperimentProgressOptions {
  /** Minimum number of seconds between two drawings while a training runs. @default 1 */
  readonly everySeconds?: number;
  /** The place for the output. @default as `show` */
  readonly output?: Output;
  /** A clock in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Shows the progress of an experiment; see {@link experimentProgress}. */
export interface ExperimentProgress {
  /** Takes the next event of `runExperiment`. */
  show(event: ExperimentEventLike): void;
  /** Shows all events and returns the summary: `await progress.follow(runExperiment(…))`. */
  follow<Summary>(events: AsyncGenerator<ExperimentEventLike, Summary, void>): Promise<Summary>;
}

/**
 * Shows the progress of an experiment: the current run, how many are left, and when the last one is expected to end. A
 * notebook's cell and a terminal show a bar in place; a log gets a line for each run that was computed.
 */
export function experimentProgress(options: ExperimentProgressOptions = {}): ExperimentProgress {
  const { everySeconds = 1, now = Date.now } = options;
  let view: View | undefined;
  let nextAt = -Infinity;
  const progress: ExperimentProgress = {
    follow: (events) => returnValueOf(events, (event) => progress.show(event)),
    show(event) {
      if (event.type === "training" && now() < nextAt) return;
      nextAt = now() + 1000 * everySeconds;
      const output = options.output ?? processOutput();
      view ??= output.kind === "notebook" ? notebookView(output) : output.terminal ? terminalView() : logView(output);
      view(event, experimentWords(event, now()));
    },
  };
  return progress;
}

type View = (event: ExperimentEventLike, state: ExperimentState | undefined) => void;

function notebookView(output: Extract<Output, { kind: "notebook" }>): View {
  const place = output.newDisplay();
  let last: ExperimentState = { share: 0, words: [] };
  return (event, state) => {
    last = state === undefined ? last : { share: state.share, words: state.words };
    const words = [...last.words, ...(event.type === "training" ? trainingWords(event) : [])];
    const share = event.type === "finished" ? undefined : last.share;
    place.html(progressBlock(words.map(escapeHtml), share), words.join(" · "));
  };
}

function trainingWords({ event }: Extract<ExperimentEventLike, { type: "training" }>): string[] {
  return event.type === "step" && event.loss !== undefined
    ? [`step ${formatNumber(event.step)} · loss ${formatNumber(event.loss, 3)}`]
    : [];
}

function terminalView(): View {
  const bar = new SingleBar({ format: "{bar} {words}", barsize: 16, stream: process.stdout }, Presets.shades_classic);
  return (event, state) => {
    if (state === undefined) return;
    if (event.type === "experiment") bar.start(1, 0, { words: state.words[0] });
    bar.update(state.share, { words: state.words.join(" · ") });
    if (event.type === "finished") bar.stop();
  };
}

function logView(output: Extract<Output, { kind: "text" }>): View {
  return (event, state) => {
    if (event.type === "experiment" || event.type === "finished")
      for (const line of state?.words ?? []) output.write(`${line}\n`);
    if (event.type === "result" && !event.cached)
      output.write(
        `run ${event.run} of ${event.runs}: ${event.title} · accuracy ${formatNumber(event.accuracy, 3)} · ${formatSeconds(event.elapsedSeconds)}\n`,
      );
  };
}
