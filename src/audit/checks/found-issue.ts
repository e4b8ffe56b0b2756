import type { AuditIssue } from "../audit-result";

/** An issue as a check finds it: with the row of its text, and of the other text if there is one. */
export interface FoundIssue extends Pick<
  AuditIssue,
  "row" | "reason" | "severity" | "score" | "suggested" | "evidence"
> {
  readonly otherRow?: number;
}
