import { TsloraError } from "../base/tslora-error";
import type { RunStatus } from "../notebook/run-events";

/** What the command line tells its caller, by cause. */
export const EXIT = { ok: 0, cellFailed: 1, badInput: 2, timeout: 3, kernelDied: 4, outputsDiffer: 5, interrupted: 130 } as const;

/** The exit code for how a run ended. */
export function exitCodeOf(status: RunStatus): number {
  return { ok: EXIT.ok, error: EXIT.cellFailed, timeout: EXIT.timeout, dead: EXIT.kernelDied, aborted: EXIT.interrupted }[status];
}

/** The exit code for an error that kept a command from its work. */
export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof TsloraError)) return EXIT.cellFailed;
  if (error.code === "kernel") return EXIT.kernelDied;
  if (error.code === "aborted") return EXIT.interrupted;
  return error.code === "bad-option" || error.code === "bad-input" || error.code === "not-found" || error.code === "unsupported" ? EXIT.badInput : EXIT.cellFailed;
}
