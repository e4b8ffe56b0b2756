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
 * @param options.says - what the first signal does, for the message
 * @param options.tell - shows the message; on standard error by default
 */
export function hearInterruption(
  terminal: Terminal,
  options: { readonly says?: string; readonly tell?: (text: string) => void } = {},
): Interruption {
  const {
    says = "the cell is interrupted and the notebook saved",
    tell = (text) => void terminal.err.write(`\n${styled(terminal, "yellow", text)}\n`),
  } = options;
  const controller = new AbortController();
  // every running notebook listens; Node 20 would warn about eleven listeners
  setMaxListeners(0, controller.signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      killAllKernels();
      process.exit(EXIT.interrupted);
    }
    tell(`Stopping: ${says}. Press Ctrl-C again to end at once.`);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { signal: controller.signal, release: () => signals.forEach((signal) => process.off(signal, onSignal)) };
}
