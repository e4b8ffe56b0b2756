import { shownValue } from "../../base/shown-value";
import type { Execution } from "./execute-cell";
import { describeExit, type KernelExit } from "../jupyter/kernel-process";
import type { ErrorOutput } from "../format/notebook-types";
import { plainError } from "../format/plain-error";

/** The limit of a cell: its own, or the rest of the notebook's. */
export interface CellLimit {
  readonly of: "cell" | "notebook";
  readonly ms: number;
  /** The limit as the user gave it, for the cell or for the whole notebook. */
  readonly givenMs: number;
}

/** A kernel that is silent for longer counts as blocked; a responsive one answers every two seconds. */
const BLOCKED_MS = 4000;

export function timeoutError(limit: CellLimit, { end, silentMs }: Execution): ErrorOutput {
  const what =
    limit.of === "cell"
      ? `The cell was not done after ${seconds(limit.givenMs)}, its limit.`
      : `The notebook was not done within ${seconds(limit.givenMs)}, its limit.`;
  const blocked =
    silentMs > BLOCKED_MS
      ? ` The kernel had not answered for ${seconds(silentMs)}: one long computation blocks it.`
      : "";
  const ending = end.kind === "exit" ? " It did not react to the interrupt and was ended." : "";
  return plainError("CellTimeoutError", what + blocked + ending);
}

/** @param log - the last lines that the kernel's process printed: often the only hint at the reason */
export function deadKernelError(exit: KernelExit, log: string): ErrorOutput {
  const error = plainError("DeadKernelError", `The kernel ended while the cell ran: ${describeExit(exit)}.`);
  return log.trim() === ""
    ? error
    : {
        ...error,
        traceback: [...error.traceback, "The kernel's process printed last:", ...log.trim().split("\n").slice(-20)],
      };
}

export function interruptedError(): ErrorOutput {
  return plainError("Interrupted", "The run was interrupted by the user.");
}

/** @param prompt - the prompt of the input request */
export function inputError(prompt: string): ErrorOutput {
  const asked = prompt.trim() === "" ? "" : ` (${shownValue(prompt.trim())})`;
  return plainError(
    "InputRefused",
    `The cell asks for input${asked}, and a headless run has no input. Make it a parameter of the notebook.`,
  );
}

export function noExceptionError(): ErrorOutput {
  return plainError(
    "NoExceptionRaised",
    "The cell is tagged raises-exception, but raised none. Remove the tag, or mend the cell.",
  );
}

export function notExecutedError(): ErrorOutput {
  return plainError("CellAborted", "The kernel did not execute the cell.");
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
