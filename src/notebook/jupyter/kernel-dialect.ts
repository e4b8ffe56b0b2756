import type { JsonRecord } from "../../base/json";
import type { ErrorOutput } from "../format/notebook-types";
import type { OutputMessage } from "./wire";

/**
 * The differences between kernels that follow Jupyter's protocol ({@link STANDARD_DIALECT}) and tslab's
 * (`tslab/tslab-dialect.ts`). Code that depends on the kind of kernel reads `spec.dialect`, never the name. Parameters
 * depend on the language: see `parameters/parameter-language.ts`.
 */
export interface KernelDialect {
  readonly name: "standard" | "tslab";
  /** The character between an `ipc` path and a socket's number. */
  readonly ipcSeparator: "-" | ":";
  /** Milliseconds after a failed cell in which the kernel drops requests; 0 for a kernel that drops none. */
  readonly recoveryMs: number;
  /**
   * Whether the kernel may publish an unhandled rejection right after the cell's idle status. It has arrived once the
   * kernel has answered one more request.
   */
  readonly reportsBehindIdle: boolean;
  /** A reader of one cell's messages, which finds how the cell failed. */
  readonly failures: () => FailureReader;
  /** The error in an output that arrived after its cell's end; undefined if the output is no error. */
  readonly lateError: (message: OutputMessage, cells: readonly ExecutedCell[]) => ErrorOutput | undefined;
}

/** Finds a cell's failure in the kernel's outputs and reply. */
export interface FailureReader {
  /** Takes an output; returns the outputs that can be shown now. An output that may be the failure is held back. */
  readonly take: (message: OutputMessage) => readonly OutputMessage[];
  /** Ends the cell. */
  readonly end: (ended: EndedCell) => CellFailure;
}

/** A cell's end, as a {@link FailureReader} needs it. */
export interface EndedCell {
  /** Content of the kernel's reply; undefined if the kernel ended instead. */
  readonly reply: JsonRecord | undefined;
  /** Whether the cell was interrupted. */
  readonly wasStopped: boolean;
  /** The cells executed so far, the ended one last. */
  readonly cells: readonly ExecutedCell[];
}

/** The held-back outputs that the cell printed, and the cell's failure, if it failed. */
export interface CellFailure {
  readonly released: readonly OutputMessage[];
  /** Makes the error; finding its place in the cell may take a third of a second. */
  readonly error?: () => ErrorOutput;
}

/** A cell as stack lines refer to it. */
export interface ExecutedCell {
  /** Its number among the code cells, from 1. */
  readonly number: number;
  readonly source: string;
}
