import type { DataFrame } from "danfojs-node";

import type { ClassProbabilities } from "./labels/labelled-probabilities";
import type { Oddity } from "./texts/text-oddities";

/** The severity of an issue, for training and evaluation. */
export type AuditSeverity = "high" | "medium" | "low";

/** The reason why a text is listed. */
export type AuditReason =
  | "label-issue" // the label is probably wrong
  | "duplicate" // the words of an earlier text
  | "near-duplicate" // nearly the words of an earlier text
  | "similar-embedding" // nearly the embedding of an earlier text
  | "duplicate-other-label" // a (near-)duplicate with another label
  | "duplicate-across-parts" // a (near-)duplicate of a text in an earlier part
  | "group-across-parts" // its group has texts in an earlier part
  | "contains-label" // the name of its own label is in the text
  | Oddity;

/** A reason to look at a text. Evidence never holds the text itself. */
export interface AuditIssue {
  readonly ID: string;
  /** The part of the data, if the audit got several. */
  readonly part?: string;
  /** The row of the text, over all parts in turn. */
  readonly row: number;
  readonly reason: AuditReason;
  readonly severity: AuditSeverity;
  /** Label quality or similarity from 0 to 1, depending on the reason; missing for the others. */
  readonly score?: number;
  /** The given label's name. */
  readonly label?: string;
  /** The most probable label's name, for label issues. */
  readonly suggested?: string;
  /** The ID of the other text, for duplicates. */
  readonly other?: string;
  /** The finding, in a few words. */
  readonly evidence: string;
}

/** Texts of a class. */
export interface AuditedClass {
  readonly label: number;
  readonly name: string;
  readonly count: number;
  readonly share: number;
}

/** An audit in numbers. */
export interface AuditSummary {
  readonly texts: number;
  readonly textsWithIssues: number;
  /** Texts of each part, if the audit got several. */
  readonly parts?: Readonly<Record<string, number>>;
  /** Number of texts for each reason that was found, the most severe first. */
  readonly reasons: readonly {
    readonly reason: AuditReason;
    readonly severity: AuditSeverity;
    readonly count: number;
  }[];
  /** Classes in the order of their numbers; none if the data have no column `label`. */
  readonly classes: readonly AuditedClass[];
  /** Number of texts of the largest class divided by that of the smallest one; null without classes. */
  readonly imbalance: number | null;
  /** Number of groups with two texts or more. A group must not be divided between train and test. */
  readonly groups: number;
  /** Source of the probabilities by which labels were judged, or why they were not. */
  readonly probabilities: string;
  /** Checks that were made. */
  readonly checks: readonly string[];
}

/** The result of an audit, which removes nothing; `withoutIssues` removes texts by reason. */
export interface AuditResult {
  /** Issues by row, the most severe of a row first. */
  readonly issues: readonly AuditIssue[];
  /** The same as a danfojs frame: ID, part, reason, severity, score, label, suggested, other, evidence. */
  readonly frame: DataFrame;
  /** The group of each row, over all parts in turn, for splits such as `groupKFold`: similar texts share a group. */
  readonly groups: readonly number[];
  readonly summary: AuditSummary;
  /** The probabilities by which the labels were judged, [texts][classes]. */
  readonly probabilities?: ClassProbabilities;
}
