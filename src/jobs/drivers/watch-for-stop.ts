import type { JobStore } from "../store/job-store";

/** Milliseconds between two looks. */
const PAUSE = 1000;

/** Watches whether a job is to stop, as the store says. `end` ends the watch. */
export function watchForStop(
  store: JobStore,
  name: string,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const look = async (): Promise<void> => {
    if (await store.stopRequested(name)) controller.abort();
  };
  const timer = setInterval(() => void look().catch(() => undefined), PAUSE);
  timer.unref();
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
