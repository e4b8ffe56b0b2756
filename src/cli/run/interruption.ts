import { setMaxListeners } from "node:events";

import { killAllKernels } from "../../notebook/jupyter/kernel-process";
import { EXIT } from "../exit-codes";
import { styled, type Terminal } from "../terminal/terminal";

/** Handles Ctrl-C during work: `signal` stops the work and saves its results; `release` stops listening. */
export interface Interruption {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/**
 * Listens to SIGINT, SIGTERM and SIGHUP: the first one stops the work, the second one kills the kernels and exits.
 *
 * @param options.effect - the effect of the first signal, for the message
 * @param options.show - shows the message; on standard error by default
 */
export function hearInterruption(
  terminal: Terminal,
  options: { readonly effect?: string; readonly show?: (text: string) => void } = {},
): Interruption {
  const {
    effect = "the cell is interrupted and the notebook saved",
    show = (text) => void terminal.err.write(`\n${styled(terminal, "yellow", text)}\n`),
  } = options;
  const controller = new AbortController();
  // Every running notebook adds a listener, and Node 20 warns about more than ten.
  setMaxListeners(0, controller.signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      killAllKernels();
      process.exit(EXIT.interrupted);
    }
    show(`Stopping: ${effect}. Press Ctrl-C again to end at once.`);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { signal: controller.signal, release: () => signals.forEach((signal) => process.off(signal, onSignal)) };
}
