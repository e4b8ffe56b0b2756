/** Reports to a listener during work that ends if the listener fails. */
export interface Reporting<Event> {
  /** Calls the listener. If it throws, `signal` is aborted. */
  readonly report: (event: Event) => void;
  /** Aborted by the given signal, or when the listener has thrown. */
  readonly signal: AbortSignal;
  /** @throws the listener's own error, if it has thrown one */
  readonly throwFailure: () => void;
}

/**
 * Watches a listener, so that its error stops the work and is thrown as it is. Thrown within a transfer, it would look
 * like a broken connection, which is tried again.
 */
export function reporting<Event>(
  listener: ((event: Event) => void) | undefined,
  given: AbortSignal | undefined,
): Reporting<Event> {
  const failed = new AbortController();
  return {
    report: (event) => {
      try {
        listener?.(event);
      } catch (error) {
        failed.abort(error);
      }
    },
    signal: given === undefined ? failed.signal : AbortSignal.any([given, failed.signal]),
    throwFailure: () => failed.signal.throwIfAborted(),
  };
}
