import type { KernelExit } from "./kernel-process";
import type { CodeCell, ErrorOutput, Notebook } from "./notebook-types";
import type { OutputMessage } from "./output-reducer";

/** How one code cell ended. */
export type CellOutcome =
  | { readonly status: "ok"; /** The exception that a `raises-exception` tag asked for. */ readonly expected?: ErrorOutput }
  | { readonly status: "error"; readonly error: ErrorOutput }
  | { readonly status: "timeout"; readonly error: ErrorOutput; readonly limit: "cell" | "notebook"; readonly limitMs: number }
  | { readonly status: "dead"; readonly error: ErrorOutput; readonly exit: KernelExit }
  | { readonly status: "aborted"; readonly error: ErrorOutput }
  | { readonly status: "skipped"; readonly reason: "tag" | "empty" | "not-reached" };

/** Where a code cell stands. */
export interface CellPlace {
  /** Its index among all cells of the executed notebook, from 0. */
  readonly index: number;
  /** Its number among the code cells, from 1: what messages call it. */
  readonly number: number;
  /** How many code cells there are. */
  readonly total: number;
}

/** One code cell's outcome with its time. */
export interface CellReport extends CellPlace {
  readonly id: string;
  readonly source: string;
  readonly outcome: CellOutcome;
  readonly elapsedMs: number;
}

/** How a run ended, as a whole: the outcome of the cell that stopped it, or of the first failed one. */
export type RunStatus = "ok" | "error" | "timeout" | "dead" | "aborted";

/** What a run leaves: returned by {@link runNotebook} and carried by its `end` event. */
export interface RunSummary {
  readonly status: RunStatus;
  /** What messages call the notebook. */
  readonly path: string;
  /** Where the executed notebook was saved. */
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

/** What happens during a run, in order; branch on `event`. */
export type RunEvent =
  | { readonly event: "kernel-starting"; readonly path: string; readonly kernel: string }
  | { readonly event: "kernel-ready"; readonly kernel: string; readonly pid: number | undefined; readonly elapsedMs: number }
  | { readonly event: "kernel-log"; readonly name: "stdout" | "stderr"; readonly text: string }
  | ({ readonly event: "cell-start"; readonly cell: CodeCell } & CellPlace)
  | ({ readonly event: "output"; readonly message: OutputMessage; /** It came after the cell's end. */ readonly late: boolean } & CellPlace)
  | ({ readonly event: "cell-end"; readonly cell: CodeCell; readonly report: CellReport } & CellPlace)
  | { readonly event: "saved"; readonly outputPath: string }
  | { readonly event: "end"; readonly summary: RunSummary };
