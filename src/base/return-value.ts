/**
 * Consumes a generator of events, as `train` is one, and returns its return value. If `onEvent` fails, the generator
 * runs its own clean-up before the error is thrown.
 *
 * @param onEvent - called for each event; the next event waits for it. @default nothing is called
 */
export async function returnValueOf<Event, Result>(
  events: AsyncGenerator<Event, Result, void>,
  onEvent: (event: Event) => void | Promise<void> = () => undefined,
): Promise<Result> {
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      await onEvent(next.value);
    }
  } catch (error) {
    await events.return(undefined as never).catch(() => undefined); // the first error is the cause
    throw error;
  }
}
