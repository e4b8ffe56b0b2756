import type { DataFrame } from "danfojs-node";

import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { readTextColumns } from "../corpus/read-frame";
import type { AuditReason, AuditResult } from "./audit-result";

/** Options of {@link withoutIssues}. */
export interface WithoutIssuesOptions {
  /** Texts with one of these reasons are left out. There is no default: only named reasons remove texts. */
  readonly reasons: readonly AuditReason[];
  /** The name of the frame's part in the audit. Required if the audit got several parts. */
  readonly part?: string;
}

/**
 * The rows of a frame without those that an audit lists for the given reasons. Rows keep their order and their index;
 * the frame is not changed. The first text of a group of duplicates stays.
 *
 * @param frame - a frame that was audited, or some of its rows
 * @throws TsloraError `bad-option` without reasons or for an unknown part, `bad-input` if no row is left.
 */
export function withoutIssues(
  frame: DataFrame,
  { issues, summary }: Pick<AuditResult, "issues" | "summary">,
  { reasons, part }: WithoutIssuesOptions,
): DataFrame {
  const parts = Object.keys(summary.parts ?? {});
  const problems = new Problems("withoutIssues");
  problems.expect(Array.isArray(reasons) && reasons.length > 0, "reasons must name a reason at least; got none");
  problems.expect(
    parts.length === 0 ? part === undefined : part !== undefined && parts.includes(part),
    `part must be ${parts.length === 0 ? "left out, since one frame was audited" : `one of ${parts.join(", ")}`}; got ${String(part)}`,
  );
  problems.throwIfAny();
  const wanted = new Set(reasons);
  const removed = new Set(issues.filter((one) => wanted.has(one.reason) && one.part === part).map(({ ID }) => ID));
  const { ID } = readTextColumns(frame);
  const rows = ID.flatMap((id, row) => (removed.has(id) ? [] : [row]));
  if (rows.length === 0)
    throw new TsloraError(
      "bad-input",
      `withoutIssues: a row must be left; all ${ID.length} have one of ${reasons.join(", ")}.`,
    );
  return frame.iloc({ rows });
}
