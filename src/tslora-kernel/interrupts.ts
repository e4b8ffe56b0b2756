import vm from "node:vm";

import { provideCellSignal } from "../base/cell-signal";

/** Error of an interrupted cell. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const STOPPED = "The cell was interrupted. Cells that waited behind it were not run.";
const FINISHED =
  "The cell was interrupted; it came to an orderly end, and what it declares is there. Cells that waited behind it were not run.";
const STOPPING = "Interrupted: what runs is stopping in an orderly way; a second interrupt ends the cell at once.";

/** The variables of all cells by name. */
export type Variables = Record<string, unknown>;

/** Runs one step of a cell where a SIGINT ends even a computation that never waits. */
const STEP = new vm.Script("globalThis.__tslab__.step()", { filename: "tslora-step.vm" });

/** Steps that run so; a cell with more waits often, and can be interrupted there. It takes 0.05 ms a step. */
const MOST_STEPS = 1000;

interface Tslab {
  /** The variables of all cells. */
  variables?: Variables;
  live?: unknown;
  step?: () => unknown;
  drive?: unknown;
  guard?: unknown;
  guardEach?: unknown;
}

/**
 * Interrupts of the running cell. An interrupt ends the wait of the cell. Only where the cell itself started
 * something that listens for SIGINT (`train` does, and stops at the next step with a checkpoint) is that left to come
 * to its end; then the cell continues to the next `await`, and a second interrupt does not wait.
 */
export class Interrupts {
  /** Counters shared with the thread of the control channel; see `ControlSettings`. */
  readonly counts = new Int32Array(new SharedArrayBuffer(12));
  readonly #waiting = new Set<(reason: Interrupted) => void>();
  #running = false;
  #isAsked = false;
  #requests = 0;
  #listenersBefore = 0;
  /** Stops work of the library that the cell no longer waits for. */
  readonly #endWork = provideCellSignal();

  /** @param notice - shows a text in the running cell, and takes it away by undefined */
  constructor(private readonly notice: (text: string | undefined) => void) {
    process.on("SIGINT", () => {
      if (this.#isAsked || Atomics.sub(this.counts, 1, 1) <= 0) this.#request();
    });
  }

  /** Gives compiled cells what they call; tslab has made `globalThis.__tslab__` by then. */
  install(variables: Variables): void {
    const tslab = (globalThis as { __tslab__?: Tslab }).__tslab__ ?? {};
    tslab.variables = variables;
    tslab.live = (name: string, get: () => unknown) => defineLive(variables, name, get);
    tslab.drive = (cell: AsyncGenerator<unknown>) => this.#drive(cell, tslab);
    tslab.guard = (value: unknown) => this.#guard(value);
    tslab.guardEach = (values: unknown) => this.#guardEach(values);
  }

  /** An interrupt that came as a message. Whoever listens for the signal hears it too. */
  ask(): void {
    this.#isAsked = true;
    process.emit("SIGINT", "SIGINT");
    this.#isAsked = false;
  }

  begin(): void {
    this.#running = true;
    this.#requests = 0;
    Atomics.store(this.counts, 1, 0);
    this.#listenersBefore = process.listenerCount("SIGINT");
  }

  /** The cell is over; returns what an interrupt that came meanwhile makes of it. */
  end(error: unknown): unknown {
    this.#running = false;
    this.#waiting.clear();
    if (this.#requests > 0) this.notice(undefined);
    if (isInterruption(error)) return new Interrupted(STOPPED);
    return error === undefined && this.#requests > 0 ? new Interrupted(FINISHED) : error;
  }

  #request(): void {
    if (!this.#running) return;
    this.#requests++;
    if (this.#requests === 1 && this.#isHeard()) return this.notice(STOPPING);
    const reason = this.#stopped();
    for (const reject of [...this.#waiting]) reject(reason);
  }

  /** Error of an interrupted cell, which names what it waited for. */
  #stopped(): Interrupted {
    const reason = new Interrupted(STOPPED);
    this.#endWork(reason);
    return reason;
  }

  /** Whether something that the cell started listens for interrupts itself. */
  #isHeard(): boolean {
    return process.listenerCount("SIGINT") > this.#listenersBefore;
  }

  #mustEnd(): boolean {
    return this.#running && this.#requests > 0 && !this.#isHeard();
  }

  /** Runs a cell's code, which yields each promise that it awaits, and resumes it with the promise's value. */
  async #drive(cell: AsyncGenerator<unknown>, tslab: Tslab): Promise<unknown> {
    let step = (): Promise<IteratorResult<unknown>> => cell.next();
    let value: unknown;
    for (let steps = 0; ; steps++) {
      tslab.step = step;
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
          cell.return(undefined).catch(() => undefined); // runs its finally blocks once what it waits for is over
        }
        throw error;
      }
      step = () => cell.next(value);
    }
  }

  /** A cell that was to end at its next wait may have come to its end instead. */
  async #unlessDone(running: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    const soon = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
    const result = await Promise.race([running, soon]);
    if (result?.done === true) return result;
    throw this.#stopped();
  }

  /** Waits for a promise or an interrupt, whichever is first. */
  #guard<T>(value: T | PromiseLike<T>): T | PromiseLike<T> {
    if (this.#mustEnd()) {
      if (isThenable(value)) value.then(undefined, () => undefined); // nobody hears how it ends
      return Promise.reject<T>(this.#stopped());
    }
    if (!isThenable(value)) return value;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const forget = (): void => void this.#waiting.delete(reject);
      value.then(resolve, reject); // these two as they are: V8 follows them for a stack's async frames
      value.then(forget, forget);
    });
  }

  /** As {@link #guard}, for what `for await` goes through. */
  #guardEach(values: unknown): unknown {
    const source = asyncIterator(values);
    if (source === undefined) return values; // an array of promises, or what for await will refuse
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

/** An import is a variable whose value its module may change, until a cell declares the name again. */
function defineLive(variables: Variables, name: string, get: () => unknown): void {
  const set = (value: unknown): void =>
    void Object.defineProperty(variables, name, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(variables, name, { get, set, enumerable: true, configurable: true });
}

/** Whether an error is an interrupt: ours, or that of Node's `breakOnSigint`. */
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

function asyncIterator(values: unknown): AsyncIterator<unknown> | undefined {
  if (typeof values !== "object" || values === null || !(Symbol.asyncIterator in values)) return undefined;
  return (values as AsyncIterable<unknown>)[Symbol.asyncIterator]();
}
