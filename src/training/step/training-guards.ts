import { median } from "../../base/median";

/** Numbers that are checked after each step. */
export interface StepReadings {
  readonly loss: number;
  readonly gradNorm: number;
  /** Tensors alive on the device after the step. */
  readonly tensors: number;
  /** Resident memory of the process, in bytes. */
  readonly memory: number;
}

/** A fault of a run, and a remedy. */
export interface Fault {
  readonly kind: "diverged" | "exploding-gradient" | "growing-tensors" | "growing-memory";
  readonly what: string;
  readonly tryThis: string;
}

/** Number of gradient norms that are kept. */
export const NORMS_KEPT = 50;
const NORMS_NEEDED = 10; // before the median is used
const EXPLODED = 1000; // times the median, or times 1 if the median is smaller: single batches can be far out
const TENSOR_STEPS = 25; // consecutive steps with more tensors each
const WINDOW = 50; // steps per reading; a reading is their lowest memory
const WINDOWS = 6; // consecutive readings with more memory each
const STEADY = 1.02; // times the reading before: pools stop growing once they are full
const MEMORY_GROWTH = 1.5; // over all readings
const MEMORY_ROOM = 2 ** 30;

/** Detects runs that diverge or leak memory. The limits are generous: normal runs stay far below them. */
export class TrainingGuards {
  readonly #learningRate: number;
  readonly #norms: number[];
  #tensors: number | undefined;
  #tensorGrowth: { steps: number; from: number } = { steps: 0, from: 0 };
  #window: { steps: number; lowest: number } = { steps: 0, lowest: Infinity };
  #lows: number[] = [];

  /** @param options.gradNorms - the last norms before a checkpoint; see {@link gradNorms} */
  constructor(options: { learningRate: number; gradNorms?: readonly number[] }) {
    this.#learningRate = options.learningRate;
    this.#norms = [...(options.gradNorms ?? [])];
  }

  /** The last norms, with which the next one is compared. */
  get gradNorms(): readonly number[] {
    return this.#norms;
  }

  /** Checks a step's numbers before they change the weights. */
  checkNumbers({ loss, gradNorm }: Pick<StepReadings, "loss" | "gradNorm">): Fault | undefined {
    const tryThis = `choose a learningRate below ${this.#learningRate}, a longer warm-up, or a maxGradNorm above 0`;
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
      return {
        kind: "diverged",
        what: `the loss is ${loss} and the gradient's norm ${gradNorm}. The run has diverged`,
        tryThis,
      };
    const usual = median(this.#norms);
    if (this.#norms.length >= NORMS_NEEDED && gradNorm > EXPLODED * Math.max(1, usual)) {
      return {
        kind: "exploding-gradient",
        what: `the gradient's norm is ${gradNorm.toPrecision(4)}, after a median of ${usual.toPrecision(4)} in the ${this.#norms.length} steps before`,
        tryThis,
      };
    }
    this.#norms.push(gradNorm);
    if (this.#norms.length > NORMS_KEPT) this.#norms.shift();
    return undefined;
  }

  /** Checks tensors and memory after a step. */
  checkMemory({ tensors, memory }: Pick<StepReadings, "tensors" | "memory">): Fault | undefined {
    const growing = this.#tensors !== undefined && tensors > this.#tensors;
    if (!growing) this.#tensorGrowth = { steps: 0, from: tensors };
    else this.#tensorGrowth.steps++;
    this.#tensors = tensors;
    if (this.#tensorGrowth.steps >= TENSOR_STEPS) {
      return {
        kind: "growing-tensors",
        what: `there were more tensors after each of the last ${TENSOR_STEPS} steps, ${this.#tensorGrowth.from} before and ${tensors} now`,
        tryThis:
          "dispose of the tensors that your own code makes between steps; if it makes none, this is a fault of tslora: please report it",
      };
    }
    this.#window = { steps: this.#window.steps + 1, lowest: Math.min(this.#window.lowest, memory) };
    if (this.#window.steps < WINDOW) return undefined;
    if (this.#lows.length > 0 && this.#window.lowest < STEADY * this.#lows[this.#lows.length - 1]) this.#lows = [];
    this.#lows.push(this.#window.lowest);
    this.#window = { steps: 0, lowest: Infinity };
    const [first] = this.#lows;
    const last = this.#lows[this.#lows.length - 1];
    if (this.#lows.length <= WINDOWS || last < MEMORY_GROWTH * first || last < first + MEMORY_ROOM) return undefined;
    const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    return {
      kind: "growing-memory",
      what: `the process's memory grew through the last ${WINDOW * WINDOWS} steps, from ${gigabytes(first)} to ${gigabytes(last)}`,
      tryThis:
        "look at what your own code keeps between steps; if it keeps nothing, this is a fault of tslora: please report it. The run can be resumed in a new process",
    };
  }
}
