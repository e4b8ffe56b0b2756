import { wholeText, type AuditedTexts } from "../audited-texts";
import type { AuditSeverity } from "../audit-result";
import { findLabelInTexts } from "../texts/label-in-text";
import { findOddTexts, type Oddity, type OddTextOptions } from "../texts/text-oddities";
import type { FoundIssue } from "./found-issue";

const SEVERITIES: Readonly<Record<Oddity, AuditSeverity>> = {
  "empty-text": "high",
  "damaged-encoding": "medium",
  "control-characters": "medium",
  "other-script": "medium",
  "mostly-digits": "medium",
  "very-short": "low",
  "very-long": "low",
};

const TELLING = 2; // a name gives the label away if the label's own texts contain it this many times more often

/** Empty and odd texts, and texts that contain their own label. */
export function checkTexts({ texts, labels, names }: AuditedTexts, options: OddTextOptions): FoundIssue[] {
  const whole = texts.map(wholeText);
  const odd = findOddTexts(whole, options).map(({ row, oddity, evidence }): FoundIssue => ({
    row,
    reason: oddity,
    severity: SEVERITIES[oddity],
    evidence,
  }));
  if (labels === undefined) return odd;
  const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
  const named = findLabelInTexts(whole, labels, names).map(({ row, name, ownShare, otherShare }): FoundIssue => ({
    row,
    reason: "contains-label",
    severity: ownShare >= TELLING * otherShare ? "medium" : "low",
    evidence: `"${name}" is in ${percent(ownShare)} of its texts, ${percent(otherShare)} of the others`,
  }));
  return [...odd, ...named];
}
