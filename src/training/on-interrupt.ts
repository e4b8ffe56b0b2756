/** Whether a run was asked to stop. */
export interface StopRequest {
  /** Aborted when it was. */
  readonly signal: AbortSignal;
  /** Ends the watch. */
  release(): void;
}

/**
 * Watches for SIGINT, which a terminal's Ctrl-C and Jupyter's interrupt both send, and for the caller's signal, for
 * as long as it is not released. In a terminal a second SIGINT ends the process as ever.
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
  // A turn later: a listener that is put in while tslab starts a cell makes Node leave the next SIGINT to the system,
  // which ends the kernel.
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
