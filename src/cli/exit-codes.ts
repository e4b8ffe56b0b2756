import { isFaultOfPlace } from "../base/files/file-fault";
import { TsloraError } from "../base/tslora-error";
import type { RunStatus } from "../notebook/run/run-events";
import type { Fault } from "../training/step/training-guards";

/** Exit codes, by cause. */
export const EXIT = {
  ok: 0,
  cellFailed: 1,
  badInput: 2,
  timeout: 3,
  kernelDied: 4,
  unreachable: 5,
  device: 6,
  diverged: 7,
  outputsDiffer: 8,
  interrupted: 130,
  readerGone: 141,
} as const;

/** Reasons for which `train` stops a run itself; see its `Fault`. */
const STOPPED: readonly string[] = [
  "diverged",
  "exploding-gradient",
  "growing-tensors",
  "growing-memory",
] satisfies readonly Fault["kind"][];

/** The codes and their meaning, for the help. */
export const EXIT_CODES_HELP = [
  "Exit codes:",
  "  0    done",
  "  1    a cell, a check or the program failed",
  "  2    bad usage or input",
  "  3    a time limit",
  "  4    the kernel died",
  "  5    a host does not answer",
  "  6    TensorFlow or the GPU is not what was requested",
  "  7    training stopped itself: loss, gradient, tensors or memory out of bounds",
  "  8    a notebook's outputs differ from the saved ones",
  "  130  interrupted",
  "  141  the reader of the output closed the pipe",
].join("\n");

/** The exit code for the status of a run. */
export function exitCodeOf(status: RunStatus): number {
  return {
    ok: EXIT.ok,
    error: EXIT.cellFailed,
    timeout: EXIT.timeout,
    dead: EXIT.kernelDied,
    aborted: EXIT.interrupted,
  }[status];
}

/** The exit code for an error that stopped a command. */
export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof TsloraError)) return isFaultOfPlace(error) ? EXIT.badInput : EXIT.cellFailed;
  if (error.code === "not-saved") return error.details.place === true ? EXIT.badInput : EXIT.cellFailed;
  if (typeof error.details.reason === "string" && STOPPED.includes(error.details.reason)) return EXIT.diverged;
  if (error.code === "kernel") return EXIT.kernelDied;
  if (error.code === "aborted") return EXIT.interrupted;
  if (error.code === "unreachable") return EXIT.unreachable;
  if (error.code === "device") return EXIT.device;
  return error.code === "bad-option" ||
    error.code === "bad-input" ||
    error.code === "not-found" ||
    error.code === "in-use" ||
    error.code === "unsupported"
    ? EXIT.badInput
    : EXIT.cellFailed;
}
