/** A request to stop a run. */
export interface StopRequest {
  /** Aborted when a stop is requested. */
  readonly signal: AbortSignal;
  /** Ends the watch. */
  release(): void;
}

/**
 * Watches for SIGINT, which Ctrl-C in a terminal and Jupyter's interrupt send, and for the caller's signal, until it is
 * released. In a terminal a second SIGINT ends the process.
 */
export function onInterrupt(signal: AbortSignal | undefined): StopRequest {
  const stop = new AbortController();
  let interrupted = false;
  const note = (): void => {
    if (interrupted && process.listenerCount("SIGINT") === 1) process.exit(130);
    interrupted = true;
    stop.abort();
  };
  const pass = (): void => stop.abort();
  // Adds the listener one turn of the event loop later. If it is added while tslab starts a cell, Node leaves the next
  // SIGINT to the system, which ends the kernel.
  const attaching = setImmediate(() => process.on("SIGINT", note));
  if (signal?.aborted === true) pass();
  signal?.addEventListener("abort", pass);
  const release = (): void => {
    clearImmediate(attaching);
    process.off("SIGINT", note);
    signal?.removeEventListener("abort", pass);
  };
  return { signal: stop.signal, release };
}
