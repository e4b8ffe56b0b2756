import { setTimeout as delay } from "node:timers/promises";

import { interruptedError, type CellLimit } from "./cell-errors";
import type { Kernel } from "../jupyter/kernel-client";
import { LateOutputs } from "./late-outputs";
import { hasTag } from "../format/notebook-types";
import { runCell } from "./run-cell";
import type { CellReport, RunEvent } from "./run-events";
import type { RunOptions } from "./run-options";
import type { PlacedCell, RunState } from "./run-state";
import type { ExecutedCell } from "../jupyter/kernel-dialect";

/** Milliseconds to wait at the end for late outputs of the cells. */
const SETTLE_MS = 1000;

/** Executes a notebook's code cells one after the other, and records the outcome of each in `state`. */
export async function* runCells(
  kernel: Kernel,
  state: RunState,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const executed: ExecutedCell[] = [];
  const late = new LateOutputs(kernel, state);
  for (const placed of state.codeCells) {
    const { cell, place } = placed;
    const passedOver = notExecuted(placed, state, options);
    if (passedOver !== undefined) {
      yield { event: "cell-end", cell: state.cell(place), report: passedOver, ...place };
      continue;
    }
    yield { event: "cell-start", cell, ...place };
    executed.push({ number: place.number, source: cell.source });
    const onRequest = (id: string): void => late.expect(id, place);
    const limit = limitOf(state, options);
    const report = yield* runCell(placed, {
      kernel,
      state,
      limit,
      graceMs: options.graceMs ?? 3000,
      interruptOnTimeout: options.interruptOnTimeout ?? false,
      signal: options.signal,
      executed,
      onRequest,
    });
    yield* late.take(executed, place);
    yield { event: "cell-end", cell: state.cell(place), report: state.report(place) ?? report, ...place };
    const raised =
      report.outcome.status === "error" ||
      report.outcome.status === "timeout" ||
      (report.outcome.status === "ok" && report.outcome.expected !== undefined);
    const { recoveryMs } = kernel.spec.dialect;
    if (raised && recoveryMs > 0 && !stops(state, options)) await delay(recoveryMs);
  }
  // All messages published before this reply have arrived with it; later ones are ignored.
  if (executed.length > 0 && (state.status === "ok" || state.status === "error"))
    await kernel.ask({ type: "kernel_info_request", timeoutMs: SETTLE_MS });
  yield* late.take(executed);
}

/** Records the reason if a cell is not executed. */
function notExecuted(placed: PlacedCell, state: RunState, options: RunOptions): CellReport | undefined {
  const { cell } = placed;
  const skip = (reason: "tag" | "empty" | "not-reached"): CellReport =>
    state.end(placed, { outcome: { status: "skipped", reason }, elapsedMs: 0 });
  if (stops(state, options)) return skip("not-reached");
  if (hasTag(cell, "skip-execution")) return skip("tag");
  if (cell.source.trim() === "") return skip("empty");
  if (options.signal?.aborted === true)
    return state.end(placed, { outcome: { status: "aborted", error: interruptedError() }, elapsedMs: 0 });
  return undefined;
}

function stops(state: RunState, options: RunOptions): boolean {
  return state.reports.some(({ outcome }) => {
    if (outcome.status === "ok" || outcome.status === "skipped") return false;
    const canContinue = outcome.status === "error" || (outcome.status === "timeout" && outcome.interrupted === true);
    return !canContinue || options.onError !== "continue";
  });
}

function limitOf(state: RunState, { cellTimeoutMs, timeoutMs }: RunOptions): CellLimit | undefined {
  const left = timeoutMs === undefined ? Infinity : Math.max(1, timeoutMs - state.elapsedMs);
  if (cellTimeoutMs !== undefined && cellTimeoutMs <= left)
    return { of: "cell", ms: cellTimeoutMs, givenMs: cellTimeoutMs };
  return timeoutMs === undefined ? undefined : { of: "notebook", ms: left, givenMs: timeoutMs };
}
