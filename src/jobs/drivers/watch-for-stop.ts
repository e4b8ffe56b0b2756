import type { JobStore } from "../store/job-store";

/** Milliseconds between two looks. Storage of objects is asked less often: each look is a request. */
const PAUSE = { folder: 1000, objects: 5000 } as const;

/** Watches whether a job is to stop, as the store says. `end` ends the watch. */
export function watchForStop(
  store: JobStore,
  name: string,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    if (await store.stopRequested(name)) controller.abort();
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => (looking = undefined));
  }, PAUSE[store.kind]);
  timer.unref();
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
