/** Options of {@link waitUntil}. */
export interface WaitUntilOptions {
  /** Names the condition in the error, as in `the kernel ended`. */
  readonly what: string;
  /** Milliseconds after which the wait fails. @default 240,000, since a busy machine takes seconds for what is quick */
  readonly limitMs?: number;
  /** Milliseconds between two looks. @default 20 */
  readonly pauseMs?: number;
}

/**
 * Looks again and again until a condition holds: for a state that no event reports.
 *
 * @param holds - looks once; may take its time
 * @throws Error where the condition does not hold within the limit
 */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  { what, limitMs = 240_000, pauseMs = 20 }: WaitUntilOptions,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s until ${what}; it was never so`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
