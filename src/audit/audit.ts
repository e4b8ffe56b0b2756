import { cellSignal } from "../base/cell-signal";
import { OUT_OF_FOLD_DEFAULTS, SEVERITY_RANK } from "./audit-defaults";
import type { AuditOptions } from "./audit-options";
import type { AuditIssue, AuditResult } from "./audit-result";
import type { AuditedData, AuditedTexts } from "./audited-texts";
import { checkPairs } from "./checks/duplicate-check";
import type { FoundIssue } from "./checks/found-issue";
import { checkGroups, groupRows } from "./checks/group-check";
import { checkLabels } from "./checks/label-check";
import { checkTexts } from "./checks/text-check";
import type { SimilarPair } from "./duplicates/earliest-pairs";
import { findNearDuplicates } from "./duplicates/near-duplicates";
import { findSimilarEmbeddings } from "./duplicates/similar-embeddings";
import { issuesFrame } from "./issues-frame";
import { outOfFoldProbabilities } from "./labels/out-of-fold";
import type { ClassProbabilities } from "./labels/labelled-probabilities";
import { readAudit } from "./read-audit";
import { summarize } from "./summarize";

/**
 * Checks labelled texts before training: labels that are probably wrong (confident learning, as cleanlab), duplicates
 * and near-duplicates within and across parts (MinHash, as datasketch), groups that are divided between parts, empty
 * and odd texts, texts that contain their own label, and the balance of the classes. Nothing is changed: see
 * `withoutIssues`, and `groups` for splits that keep similar texts together.
 *
 * @example
 * const result = await audit(corpus.frame, { labels: ["NEGATIVE", "POSITIVE"] });
 * show(auditTable(result.summary));
 * const kept = withoutIssues(corpus.frame, result, { reasons: ["duplicate", "near-duplicate"] });
 *
 * @param data - a danfojs DataFrame with `texts`, `ID` and `label`, or the parts of a split by name, such as `{ train,
 *   validation, test }`
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if data do not fit; both before the
 *   first check.
 */
export async function audit(data: AuditedData, options: AuditOptions = {}): Promise<AuditResult> {
  const { signal = cellSignal(), onProgress } = options;
  const { audited, checks } = readAudit(data, options);
  const found: FoundIssue[][] = []; // a list for each check
  const pairs: (readonly SimilarPair[])[] = [];
  if (checks.has("texts")) found.push(checkTexts(audited, options.oddTexts ?? {}));
  if (checks.has("duplicates")) {
    const near = await findNearDuplicates(audited.texts, {
      ...options.duplicates,
      signal,
      onProgress: (done, total) => onProgress?.({ check: "duplicates", done, total }),
    });
    found.push(checkPairs(near.pairs, audited, "words"), checkGroups(audited));
    pairs.push(near.pairs);
  }
  if (options.embeddings !== undefined) {
    const similar = await findSimilarEmbeddings(options.embeddings, {
      ...options.similarEmbeddings,
      signal,
      onProgress: (done, total) => onProgress?.({ check: "embeddings", done, total }),
    });
    found.push(checkPairs(similar, audited, "embeddings"));
    pairs.push(similar);
  }
  const probabilities = checks.has("labels") ? await probabilitiesOf(audited, { ...options, signal }) : undefined;
  if (probabilities !== undefined && audited.labels !== undefined)
    found.push(checkLabels(audited.labels, probabilities, { ...options.labelIssues, names: audited.names }));

  const issues = inOrder(found.flat()).map((issue) => describe(issue, audited));
  const groups = groupRows(audited, pairs.flat());
  return {
    issues,
    frame: issuesFrame(issues),
    groups: groups.of,
    summary: summarize(audited, issues, {
      groups: groups.several,
      checks: [...checks, ...(options.embeddings === undefined ? [] : ["embeddings"])],
      probabilities: sourceOfProbabilities(options, checks.has("labels")),
    }),
    ...(probabilities === undefined ? {} : { probabilities }),
  };
}

async function probabilitiesOf(
  { texts, labels = [], names }: AuditedTexts,
  { probabilities, folds, signal, onProgress }: AuditOptions,
): Promise<ClassProbabilities> {
  if (probabilities !== undefined) return probabilities;
  return outOfFoldProbabilities(texts, labels, {
    labels: names,
    ...folds,
    signal,
    onProgress: (done, total) => onProgress?.({ check: "labels", done, total }),
  });
}

function sourceOfProbabilities({ probabilities, folds }: AuditOptions, judged: boolean): string {
  if (!judged) return "none: labels were not judged";
  if (probabilities !== undefined) return "given";
  return `TF-IDF with logistic regression, out of ${folds?.nSplits ?? OUT_OF_FOLD_DEFAULTS.nSplits} stratified folds`;
}

/** By row, the most severe of a row first. */
function inOrder(found: readonly FoundIssue[]): FoundIssue[] {
  return [...found].sort((a, b) => a.row - b.row || SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity]);
}

function describe(issue: FoundIssue, { ID, labels, names, parts }: AuditedTexts): AuditIssue {
  const { row, reason, severity, score, suggested, otherRow, evidence } = issue;
  return {
    ID: ID[row],
    ...(parts === undefined ? {} : { part: parts.names[parts.of[row]] }),
    row,
    reason,
    severity,
    ...(score === undefined ? {} : { score }),
    ...(labels === undefined ? {} : { label: names[labels[row]] }),
    ...(suggested === undefined ? {} : { suggested }),
    ...(otherRow === undefined ? {} : { other: ID[otherRow] }),
    evidence,
  };
}
