import vm from "node:vm";

import { provideCellSignal } from "../../base/cell-signal";
import { cellRuntime, type CellRuntime } from "../cell-runtime";
import { controlCounts, PENDING } from "./control-counts";

/** Error of an interrupted cell. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const STOPPED = "The cell was interrupted. The cells queued after it were not run.";
const FINISHED =
  "The cell was interrupted; it ran to its end, and its variables are declared. " +
  "The cells queued after it were not run.";
const STOPPING = "Interrupted: the running work stops at its next step; a second interrupt ends the cell at once.";

/** Runs one step of a cell; Node ends the step at a SIGINT, even if it computes without waiting. */
const STEP = new vm.Script("globalThis.__tslab__.step()", { filename: "tslora-step.vm" });

/**
 * Most steps of a cell that run as {@link STEP}, at a cost of 0.05 ms each. Later steps can be interrupted only at an
 * `await`.
 */
const MOST_STEPS = 1000;

/**
 * Interrupts of the running cell. An interrupt ends the cell at its current `await`. If work of the cell listens for
 * SIGINT itself (`train` stops at the next step with a checkpoint), the interrupt is left to it, and the cell
 * continues. A second interrupt ends the cell at once.
 */
export class Interrupts {
  /** The counters shared with the control channel's thread. */
  readonly counts = controlCounts();
  readonly #waiting = new Set<(reason: Interrupted) => void>();
  #running = false;
  /** Whether {@link ask} emits the current SIGINT. */
  #isAsked = false;
  #requests = 0;
  #listenersBefore = 0;
  /** Stops the library's work that the cell no longer awaits. */
  readonly #endWork = provideCellSignal();

  constructor() {
    process.on("SIGINT", () => {
      if (this.#isAsked || Atomics.sub(this.counts, PENDING, 1) <= 0) this.#request();
    });
  }

  /** Provides the functions through which compiled cells await promises. */
  install(): void {
    const runtime = cellRuntime();
    runtime.drive = (cell) => this.#drive(cell, runtime);
    runtime.guard = (value) => this.#guard(value);
    runtime.guardEach = (values) => this.#guardEach(values);
  }

  /** Handles an interrupt that arrived as a message; also calls the other listeners for SIGINT. */
  ask(): void {
    this.#isAsked = true;
    process.emit("SIGINT", "SIGINT");
    this.#isAsked = false;
  }

  begin(): void {
    this.#running = true;
    this.#requests = 0;
    Atomics.store(this.counts, PENDING, 0);
    this.#listenersBefore = process.listenerCount("SIGINT");
  }

  /** Ends a cell and returns its error: {@link Interrupted} if an interrupt arrived while it ran. */
  end(error: unknown): unknown {
    this.#running = false;
    this.#waiting.clear();
    if (isInterruption(error)) return new Interrupted(STOPPED);
    return error === undefined && this.#requests > 0 ? new Interrupted(FINISHED) : error;
  }

  #request(): void {
    if (!this.#running) return;
    this.#requests++;
    if (this.#requests === 1 && this.#isHeard()) return void process.stderr.write(`${STOPPING}\n`);
    const reason = this.#stopped();
    for (const reject of [...this.#waiting]) reject(reason);
  }

  /** Creates the error of an interrupted cell, and stops the library's work for the cell. */
  #stopped(): Interrupted {
    const reason = new Interrupted(STOPPED);
    this.#endWork(reason);
    return reason;
  }

  /** Whether work that the cell started listens for SIGINT. */
  #isHeard(): boolean {
    return process.listenerCount("SIGINT") > this.#listenersBefore;
  }

  #mustEnd(): boolean {
    return this.#running && this.#requests > 0 && !this.#isHeard();
  }

  /** Runs a cell's code, a generator that yields at each `await`, until it ends or is interrupted. */
  async #drive(cell: AsyncGenerator<unknown>, runtime: CellRuntime): Promise<unknown> {
    let step = (): Promise<IteratorResult<unknown>> => cell.next();
    let value: unknown;
    for (let steps = 0; ; steps++) {
      runtime.step = step;
      const running =
        steps === 0 || steps > MOST_STEPS
          ? step()
          : (STEP.runInThisContext({ breakOnSigint: true, displayErrors: false }) as Promise<IteratorResult<unknown>>);
      try {
        const result = await (this.#mustEnd() ? this.#unlessDone(running) : this.#guard(running));
        if (result.done === true) return result.value;
        value = result.value;
      } catch (error) {
        if (error instanceof Interrupted) {
          running.catch(() => undefined);
          cell.return(undefined).catch(() => undefined); // runs its finally blocks after its current await
        }
        throw error;
      }
      step = () => cell.next(value);
    }
  }

  /** Returns the result of a cell that ended before its next `await`; otherwise ends the cell. */
  async #unlessDone(running: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    const soon = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
    const result = await Promise.race([running, soon]);
    if (result?.done === true) return result;
    throw this.#stopped();
  }

  /** Waits for a promise or an interrupt, whichever comes first. */
  #guard<T>(value: T | PromiseLike<T>): T | PromiseLike<T> {
    if (this.#mustEnd()) {
      // its result is ignored; another thenable may begin its work only when `then` is called
      if (value instanceof Promise) (value as Promise<unknown>).catch(() => undefined);
      return Promise.reject<T>(this.#stopped());
    }
    if (!isThenable(value)) return value;
    const promise = promiseOf(value);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const forget = (): void => void this.#waiting.delete(reject);
      promise.then(resolve, reject); // pass these two directly: V8 follows them for the async frames of a stack
      promise.then(forget, forget);
    });
  }

  /** As {@link #guard}, for the values of a `for await`. */
  #guardEach(values: unknown): unknown {
    const source = asyncIterator(values);
    if (source === undefined) return values; // an array of promises, or a value that `for await` refuses
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          try {
            return await this.#guard(source.next());
          } catch (error) {
            if (error instanceof Interrupted) void Promise.resolve(source.return?.()).catch(() => undefined);
            throw error;
          }
        },
        return: async (value: unknown) => (await source.return?.(value)) ?? { done: true, value },
      }),
    };
  }
}

/** Whether an error is an interrupt: ours, or the one of Node's `breakOnSigint`. */
function isInterruption(error: unknown): boolean {
  return (
    error instanceof Interrupted ||
    (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")
  );
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** A promise for a thenable. Calls `then` once, as `await` does: a query builder runs its query at each call. */
function promiseOf<T>(value: PromiseLike<T>): Promise<T> {
  const isPlain = value instanceof Promise && value.constructor === Promise; // a subclass may have its own `then`
  return isPlain ? (value as Promise<T>) : new Promise<T>((resolve) => resolve(value));
}

function asyncIterator(values: unknown): AsyncIterator<unknown> | undefined {
  if (typeof values !== "object" || values === null || !(Symbol.asyncIterator in values)) return undefined;
  return (values as AsyncIterable<unknown>)[Symbol.asyncIterator]();
}
