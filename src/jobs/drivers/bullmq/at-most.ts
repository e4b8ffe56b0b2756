/** Milliseconds that the end of a run waits for a Redis that is away. */
export const CLOSING = 3000;

/** Waits for work, but no longer than a limit; its error is ignored. */
export async function atMost(work: Promise<unknown>, limit: number = CLOSING): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, limit)));
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
