/** Options of {@link repeatWithMore}. */
export interface RepeatWithMoreOptions {
  /** Milliseconds of the first attempt. */
  readonly firstMs: number;
  /** Attempts before the repetition fails; each has three times the time of the one before. @default 6 */
  readonly attempts?: number;
}

/**
 * Repeats an attempt whose moment is a matter of luck with three times as long each time, until it has hit its window:
 * a limit that must pass while a loop runs, for example, on a machine of unknown speed.
 *
 * @param attempt - tries with so many milliseconds; returns undefined where it missed the window
 * @returns the result of the attempt that hit
 * @throws Error where no attempt hit
 */
export async function repeatWithMore<T>(
  attempt: (ms: number) => Promise<T | undefined>,
  { firstMs, attempts = 6 }: RepeatWithMoreOptions,
): Promise<T> {
  const tried: number[] = [];
  for (let ms = firstMs; tried.length < attempts; ms *= 3) {
    const result = await attempt(ms);
    if (result !== undefined) return result;
    tried.push(ms);
  }
  throw new Error(`no attempt hit its window, of ${tried.join(", ")} ms`);
}
