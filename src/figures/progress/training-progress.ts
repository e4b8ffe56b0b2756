import { Presets, SingleBar } from "cli-progress";

import { returnValueOf } from "../../base/return-value";
import type { Display } from "../kernel-display";
import { liveFigure, type LiveFigure } from "./live-figure";
import { learningRateFigure, learningRateTestOf } from "../plots/learning-rate-figure";
import { lossCurve } from "../plots/loss-curve";
import { processOutput, type Output } from "../output";
import {
  progressAfter,
  progressHtml,
  progressShare,
  progressText,
  progressWords,
  type ProgressState,
} from "./progress-state";
import type { Figure } from "../types";
import type { TrainingEventLike } from "./training-event";

/** Options of {@link trainingProgress}. */
export interface TrainingProgressOptions {
  /** The title of the figure. @default "Loss while training"; "Learning-rate test" for `findLearningRate` */
  readonly title?: string;
  /** Draws the learning rate below the loss. @default false */
  readonly learningRate?: boolean;
  /** Minimum number of seconds between two drawings in a notebook. @default 2 */
  readonly everySeconds?: number;
  /** Minimum number of seconds between two lines in a log. @default 10 */
  readonly lineEverySeconds?: number;
  /** The place for the output. @default as `show` */
  readonly output?: Output;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Shows the progress of training; see {@link trainingProgress}. */
export interface TrainingProgress {
  /** Takes the next event of `train`. */
  show(event: TrainingEventLike): void;
  /**
   * Shows all events of a run and returns its summary: `await progress.follow(train(…))`. In a cell this avoids a `for
   * await` loop, which tslab 1.0.22 compiles only if the cell has another `await`.
   */
  follow<Summary>(events: AsyncGenerator<TrainingEventLike, Summary, void>): Promise<Summary>;
}

/**
 * Shows the progress of training: `for await (const event of train(…)) progress.show(event)`.
 *
 * A notebook's cell shows a bar with step, loss, learning rate, speed and remaining time, the last evaluation and the
 * loss curve, updated in place. When training ends, its summary and the interactive curve remain. A terminal shows a
 * bar; a log gets a line from time to time and one for each evaluation. One object can show several runs, one after the
 * other, also those of `findLearningRate`, which end with {@link learningRateFigure}.
 */
export function trainingProgress(options: TrainingProgressOptions = {}): TrainingProgress {
  const { lineEverySeconds = 10, now = () => performance.now() } = options;
  let view: View | undefined;
  let state: ProgressState = {};
  let startedAt = now();

  const progress: TrainingProgress = {
    follow: (events) => returnValueOf(events, (event) => progress.show(event)),
    show(event) {
      state = progressAfter(state, event);
      if (event.type === "start" || view === undefined) {
        startedAt = now();
        // Read when a run starts, since an earlier cell may have made this object.
        const output = options.output ?? processOutput();
        if (output.kind === "notebook") view = notebookView(output, { ...options, now });
        else view = output.terminal ? terminalView() : logView(output, { every: 1000 * lineEverySeconds, now });
      }
      view(event, state, (now() - startedAt) / 1000);
    },
  };
  return progress;
}

function isMessage({ type }: TrainingEventLike): boolean {
  return type === "warning" || type === "early-stopping";
}

type View = (event: TrainingEventLike, state: ProgressState, elapsedSeconds: number) => void;

function notebookView(
  output: Extract<Output, { kind: "notebook" }>,
  options: TrainingProgressOptions & { readonly now: () => number },
): View {
  const { everySeconds = 2, title, learningRate, now } = options;
  const status: Display = output.newDisplay();
  const history: TrainingEventLike[] = [];
  const curve = (): Figure => {
    const titled = title === undefined ? {} : { title };
    const test = learningRateTestOf(history);
    if (test !== undefined) return learningRateFigure(test, titled);
    return lossCurve(history, { ...titled, ...(learningRate === undefined ? {} : { learningRate }) });
  };
  let live: LiveFigure | undefined;
  let nextAt = -Infinity;
  return (event, state, elapsedSeconds) => {
    if (event.type !== "checkpoint") history.push(event);
    if (event.type === "end" || event.type === "evaluation" || isMessage(event) || now() >= nextAt) {
      nextAt = now() + Math.min(1000, 1000 * everySeconds);
      status.html(progressHtml(state, elapsedSeconds), progressText(state, elapsedSeconds));
    }
    if (state.lastStep === undefined) return;
    live ??= liveFigure({ everySeconds, output, now });
    if (event.type === "end") live.finish(curve());
    else live.update(curve);
  };
}

function terminalView(): View {
  const bar = new SingleBar({ format: "{bar} {words}", barsize: 24, stream: process.stdout }, Presets.shades_classic);
  return (event, state, elapsedSeconds) => {
    const { where, how, evaluation } = progressWords(state, elapsedSeconds);
    if (event.type === "start") bar.start(1, 0, { words: where });
    // Replaces the bar's line; the bar is drawn again below the message.
    if (isMessage(event)) process.stdout.write(`\r\u001b[K${state.messages?.at(-1) ?? ""}\n`);
    bar.update(progressShare(state), { words: [where, how].filter((part) => part !== "").join(" · ") });
    if (event.type !== "end") return;
    bar.stop();
    if (event.message !== undefined) process.stdout.write(`${event.message}\n`);
    if (evaluation !== "") process.stdout.write(`${evaluation}\n`);
  };
}

function logView(
  output: Extract<Output, { kind: "text" }>,
  { every, now }: { readonly every: number; readonly now: () => number },
): View {
  let nextAt = -Infinity;
  return (event, state, elapsedSeconds) => {
    const { where, how, evaluation } = progressWords(state, elapsedSeconds);
    if (event.type === "evaluation") output.write(`${evaluation}\n`);
    else if (isMessage(event)) output.write(`${state.messages?.at(-1) ?? ""}\n`);
    else if (event.type === "end")
      output.write([where, event.message, ""].filter((line) => line !== undefined).join("\n"));
    else if (event.type !== "checkpoint" && now() >= nextAt) {
      nextAt = now() + every;
      output.write(`${[where, how].filter((part) => part !== "").join(" · ")}\n`);
    }
  };
}
