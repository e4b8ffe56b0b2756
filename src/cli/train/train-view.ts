import { formatNumber, formatSeconds } from "../../figures/format";
import { progressAfter, progressShare, progressWords, type ProgressState } from "../../figures/progress/progress-state";
import type { LearningRateEvent } from "../../training/range-test/learning-rate-test";
import type { TrainEvent } from "../../training/train-event";
import { sentence } from "../terminal/text-layout";
import { LiveBar } from "../terminal/live-bar";
import { styled, type Terminal } from "../terminal/terminal";

const LINE_EVERY_MS = 10_000;

/**
 * Shows a training: on a terminal a bar with evaluations above it, in a log plain lines, for programs every event as a
 * line of JSON.
 */
export class TrainView {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #started = performance.now();
  #state: ProgressState = {};
  #bar: LiveBar | undefined;
  #saidAt = -Infinity;

  constructor(terminal: Terminal, { json }: { json: boolean }) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** A sentence about the run. */
  notice(text: string): void {
    if (this.#json) this.#write(JSON.stringify({ type: "notice", text }));
    else this.#line(sentence(text, this.#terminal.out));
  }

  /** The next event of `train` or `findLearningRate`. */
  show(event: TrainEvent | LearningRateEvent): void {
    if (this.#json) return this.#write(JSON.stringify(event));
    if (event.type === "start") this.#started = performance.now();
    this.#state = progressAfter(this.#state, event);
    const { where, how, evaluation } = progressWords(this.#state, (performance.now() - this.#started) / 1000);
    const words = [where, how].filter((part) => part !== "").join(" · ");
    if (event.type === "end") {
      this.close();
      return this.#line(where);
    }
    if (event.type === "evaluation") this.#line(evaluation);
    else if (event.type === "resume") this.#line(sentence(event.message, this.#terminal.out));
    else if ("message" in event && typeof event.message === "string")
      this.#line(styled(this.#terminal, "yellow", sentence(event.message, this.#terminal.out)));
    if (this.#terminal.live) {
      this.#bar ??= new LiveBar(this.#terminal.out);
      this.#bar.update(progressShare(this.#state), barWords(this.#state, (performance.now() - this.#started) / 1000));
    } else if (event.type === "start" || (isFrequent(event) && performance.now() - this.#saidAt >= LINE_EVERY_MS)) {
      this.#saidAt = performance.now();
      this.#line(words);
    }
  }

  /** Shows something that is not an event of `train`. */
  warn(text: string): void {
    if (this.#json) this.#terminal.err.write(`${text}\n`);
    else this.#line(styled(this.#terminal, "yellow", sentence(text, this.#terminal.out)));
  }

  /** Shows a result, as an object for programs or as lines. */
  result(object: object, lines: readonly string[]): void {
    if (this.#json) this.#write(JSON.stringify(object));
    else for (const line of lines) this.#line(line);
  }

  /** Removes the bar. */
  close(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #line(text: string): void {
    if (this.#bar === undefined) this.#write(text);
    else this.#bar.print(text);
  }

  #write(text: string): void {
    this.#terminal.out.write(`${text}\n`);
  }
}

function isFrequent({ type }: TrainEvent | LearningRateEvent): boolean {
  return type === "step" || type === "frozen-prefix";
}

/** The text after the bar, the most important first, since a narrow terminal cuts the rest. */
function barWords({ start, prefix, lastStep }: ProgressState, elapsedSeconds: number): string {
  const total = start?.totalSteps ?? 0;
  if (lastStep === undefined) {
    const filling = prefix !== undefined && prefix.done < prefix.total;
    return `step 0/${total}${filling ? ` · frozen layers: text ${prefix.done}/${prefix.total}` : ""}`;
  }
  const { step, loss, epoch, tokensPerSecond, learningRate } = lastStep;
  const left = formatSeconds((elapsedSeconds / step) * (total - step));
  return [
    `step ${step}/${total}`,
    `loss ${formatNumber(loss, 3)}`,
    `${left} left`,
    `epoch ${epoch.toFixed(2)}`,
    `${formatNumber(Math.round(tokensPerSecond))} tokens/s`,
    `rate ${formatNumber(learningRate)}`,
  ].join(" · ");
}
