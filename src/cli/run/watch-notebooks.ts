import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { asError } from "../../base/as-error";
import { sha256Of } from "../../base/sha256-of";
import { EXIT } from "../exit-codes";
import { styled, type Terminal } from "../terminal/terminal";

/** The work at a change, and the signal that ends the watch. */
export interface WatchOptions {
  readonly terminal: Terminal;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** The work; its signal is aborted when a file changes meanwhile. */
  readonly run: (signal: AbortSignal) => Promise<number>;
}

/** Milliseconds without a change after which a file counts as written: an editor may write it in several steps. */
const SETTLED_MS = 150;

/**
 * Does the work now, and again whenever the content of one of the files changes. A change during the work stops and
 * restarts it. The signal ends the watch.
 */
export async function watchNotebooks(
  paths: readonly string[],
  { terminal, signal, run }: WatchOptions,
): Promise<number> {
  let seen = await contents(paths);
  let wake: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const touched = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => wake(), SETTLED_MS);
  };
  // Watches folders, since editors replace a file instead of writing into it.
  const watchers: FSWatcher[] = [...new Set(paths.map((path) => dirname(path)))].map((folder) =>
    watch(folder, touched),
  );
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const controller = new AbortController();
      let ended = false;
      let problem: Error | undefined;
      const work = run(AbortSignal.any([signal, controller.signal]))
        .catch((error: unknown) => (problem = asError(error)))
        .then(() => {
          ended = true;
          wake();
        });
      for (let announced = false; ;) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) break;
        if (ended && !announced) {
          announced = true;
          if (problem !== undefined) terminal.err.write(`${styled(terminal, "red", problem.message)}\n`);
          terminal.out.write(`${styled(terminal, "dim", "Watching for changes; Ctrl-C ends.")}\n`);
        }
        const now = await contents(paths);
        if (now !== seen) {
          seen = now;
          controller.abort();
          break;
        }
        await changed;
      }
      await work;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  }
  return EXIT.ok;
}

/** A digest of the files' contents, which changes when one of them does. */
async function contents(paths: readonly string[]): Promise<string> {
  const hashes = await Promise.all(paths.map((path) => readFile(path).then(sha256Of, () => "missing")));
  return hashes.join();
}
