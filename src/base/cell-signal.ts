/** The abort signal of the running notebook cell. An interrupt aborts it; then a new one takes its place. */
interface RunningCell {
  readonly signal: AbortSignal;
}

/** A global key that kernel and library share, since each may have its own copy of this file. */
const KEY = Symbol.for("tslora.runningCell");

/**
 * The signal that an interrupt of the running notebook cell aborts; undefined outside notebooks. Use it for work
 * without its own signal, which would continue after the cell stopped waiting for it.
 */
export function cellSignal(): AbortSignal | undefined {
  const known = globalThis as { [KEY]?: RunningCell };
  // a plain tslab, which reports no interrupts
  if (known[KEY] === undefined && "__tslab__" in globalThis) known[KEY] = hearSigint();
  return known[KEY]?.signal;
}

/** For a kernel that reports interrupts itself: returns a function that aborts the current signal of `cellSignal`. */
export function provideCellSignal(): (reason: Error) => void {
  const { cell, interrupt } = abortable();
  (globalThis as { [KEY]?: RunningCell })[KEY] = cell;
  return interrupt;
}

function abortable(): { readonly cell: RunningCell; readonly interrupt: (reason: Error) => void } {
  let running = new AbortController();
  const cell = {
    get signal() {
      return running.signal;
    },
  };
  const interrupt = (reason: Error): void => {
    const stopped = running;
    running = new AbortController();
    stopped.abort(reason);
  };
  return { cell, interrupt };
}

function hearSigint(): RunningCell {
  const { cell, interrupt } = abortable();
  // as in training/run/on-interrupt.ts: not while tslab starts a cell
  setImmediate(() => process.on("SIGINT", () => interrupt(new Error("The cell was interrupted."))));
  return cell;
}
