import type { KernelExit } from "../jupyter/kernel-process";
import type { CodeCell, ErrorOutput, Notebook } from "../format/notebook-types";
import type { OutputMessage } from "../jupyter/wire";

/** End of one code cell. */
export type CellOutcome =
  | {
      readonly status: "ok";
      /** The exception that a `raises-exception` tag expects. */ readonly expected?: ErrorOutput;
    }
  | { readonly status: "error"; readonly error: ErrorOutput }
  | {
      readonly status: "timeout";
      readonly error: ErrorOutput;
      readonly limit: "cell" | "notebook";
      readonly limitMs: number;
      /** The interrupt ended the cell, and the run may continue. */ readonly interrupted?: boolean;
    }
  | { readonly status: "dead"; readonly error: ErrorOutput; readonly exit: KernelExit }
  | { readonly status: "aborted"; readonly error: ErrorOutput }
  | { readonly status: "skipped"; readonly reason: "tag" | "empty" | "not-reached" };

/** Position of a code cell. */
export interface CellPlace {
  /** Its index among all cells of the executed notebook, from 0. */
  readonly index: number;
  /** Its number among the code cells, from 1, as messages show it. */
  readonly number: number;
  /** Number of code cells. */
  readonly total: number;
}

/** Memory of the kernel's process in bytes, without its children; known on Linux. */
export interface CellMemory {
  /** Peak memory while the cell ran. */
  readonly peak: number;
  /** Memory at the cell's end. */
  readonly end: number;
}

/** One code cell's outcome with its time. */
export interface CellReport extends CellPlace {
  readonly id: string;
  readonly source: string;
  readonly outcome: CellOutcome;
  readonly elapsedMs: number;
  readonly memory?: CellMemory;
  /** The files that hold its outputs over the limit. */
  readonly rest?: readonly string[];
}

/** The status of a whole run: the outcome of the cell that stopped it, or of the first failed one. */
export type RunStatus = "ok" | "error" | "timeout" | "dead" | "aborted";

/** Result of a run, returned by {@link runNotebook} and part of its `end` event. */
export interface RunSummary {
  readonly status: RunStatus;
  /** The notebook's name in messages. */
  readonly path: string;
  /** Path of the executed notebook. */
  readonly outputPath: string | undefined;
  readonly kernel: string;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly cells: readonly CellReport[];
  /** The first failed cell. */
  readonly failed: CellReport | undefined;
  /** The executed notebook. */
  readonly notebook: Notebook;
}

/** Events of a run, in order; branch on `event`. */
export type RunEvent =
  | {
      readonly event: "note";
      /** A repair, or a fault that does not stop the run. */ readonly text: string;
    }
  | {
      readonly event: "kernel-starting";
      readonly path: string;
      readonly kernel: string;
      /** Above 1 if an earlier start failed. */ readonly attempt: number;
    }
  | {
      readonly event: "kernel-ready";
      readonly kernel: string;
      readonly pid: number | undefined;
      readonly elapsedMs: number;
    }
  | { readonly event: "kernel-log"; readonly name: "stdout" | "stderr"; readonly text: string }
  | ({ readonly event: "cell-start"; readonly cell: CodeCell } & CellPlace)
  | ({
      readonly event: "output";
      readonly message: OutputMessage;
      /** It arrived after the cell's end. */ readonly late: boolean;
    } & CellPlace)
  | ({ readonly event: "cell-end"; readonly cell: CodeCell; readonly report: CellReport } & CellPlace)
  | ({
      /** An unhandled error arrived after the cell's end and fails the cell. */
      readonly event: "cell-failed-late";
      readonly cell: CodeCell;
      readonly report: CellReport;
    } & CellPlace)
  | { readonly event: "saved"; readonly outputPath: string }
  /** A save failed and is tried again: once until a save succeeds, or fails for another reason. */
  | { readonly event: "not-saved"; readonly outputPath: string; readonly error: Error }
  | { readonly event: "end"; readonly summary: RunSummary };
