/** The signal of the notebook cell that runs; another one once an interrupt has aborted it. */
interface RunningCell {
  readonly signal: AbortSignal;
}

/** Global key shared by kernel and library, which may each have their own copy of this file. */
const KEY = Symbol.for("tslora.runningCell");

/**
 * The signal that an interrupt of the notebook cell that runs aborts; undefined outside notebooks. For work that goes
 * on between waits although nobody waits for it any longer, and that was given no signal of its own.
 */
export function cellSignal(): AbortSignal | undefined {
  const known = globalThis as { [KEY]?: RunningCell };
  // a plain tslab, which tells nobody
  if (known[KEY] === undefined && "__tslab__" in globalThis) known[KEY] = hearSigint();
  return known[KEY]?.signal;
}

/**
 * For a kernel that tells of interrupts itself: returns what aborts the signal that `cellSignal` gives out until then.
 */
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
  // as in training/on-interrupt.ts: not while tslab starts a cell
  setImmediate(() => process.on("SIGINT", () => interrupt(new Error("The cell was interrupted."))));
  return cell;
}
