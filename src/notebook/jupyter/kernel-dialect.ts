import type { JsonRecord } from "../../base/json";
import type { ErrorOutput } from "../format/notebook-types";
import type { OutputMessage } from "./wire";

/**
 * What differs between kernels: those that follow Jupyter's protocol ({@link STANDARD_DIALECT}) and tslab's
 * (`tslab/tslab-dialect.ts`). Whatever depends on the kind of kernel asks its `spec.dialect`, never its name.
 * Parameters depend on the language instead: see `parameters/parameter-language.ts`.
 */
export interface KernelDialect {
  readonly name: "standard" | "tslab";
  /** The character between an `ipc` path and a socket's number. */
  readonly ipcSeparator: "-" | ":";
  /** Milliseconds after a failed cell in which the kernel drops requests; 0 for a kernel that drops none. */
  readonly recoveryMs: number;
  /**
   * Whether an error that nobody awaits may be published right behind the cell's idle status. Once the kernel has
   * answered one more request, it has arrived.
   */
  readonly reportsBehindIdle: boolean;
  /** A reader of one cell's messages, which finds how the cell failed. */
  readonly failures: () => FailureReader;
  /** The error in an output that came after its cell's end; undefined for another output. */
  readonly lateError: (message: OutputMessage, cells: readonly ExecutedCell[]) => ErrorOutput | undefined;
}

/** Finds a cell's failure in what the kernel publishes and replies. */
export interface FailureReader {
  /** Takes an output; returns the outputs that can be shown now: an output that may be the failure is held back. */
  readonly take: (message: OutputMessage) => readonly OutputMessage[];
  /** Ends the cell. */
  readonly end: (ended: EndedCell) => CellFailure;
}

/** How a cell ended for a {@link FailureReader}. */
export interface EndedCell {
  /** Content of the kernel's reply; undefined where the kernel ended instead. */
  readonly reply: JsonRecord | undefined;
  /** Whether the cell was interrupted. */
  readonly wasStopped: boolean;
  /** The cells executed so far, the one that ended last. */
  readonly cells: readonly ExecutedCell[];
}

/** Outputs that were held back and are the user's, and the cell's failure, if it failed. */
export interface CellFailure {
  readonly released: readonly OutputMessage[];
  /** Makes the error; to find its place in the cell may take a third of a second. */
  readonly error?: () => ErrorOutput;
}

/** A cell as stack lines refer to it. */
export interface ExecutedCell {
  /** Its number among the code cells, from 1. */
  readonly number: number;
  readonly source: string;
}
