import { Problems } from "../base/problems";
import type { AuditCheck } from "./audit-defaults";
import { checksOf, type AuditOptions } from "./audit-options";
import { readAuditedTexts, type AuditedData, type AuditedTexts } from "./audited-texts";
import { checkNearDuplicateOptions } from "./duplicates/near-duplicates";
import { checkSimilarEmbeddingOptions, expectEmbeddings } from "./duplicates/similar-embeddings";
import { checkLabelIssueOptions } from "./labels/find-label-issues";
import { expectProbabilities } from "./labels/labelled-probabilities";
import { checkFolds, expectTwoOfEach } from "./labels/out-of-fold";
import { checkOddTextOptions } from "./texts/text-oddities";

/**
 * Reads the data of an audit and tests all options, before the first check: some checks take minutes.
 *
 * @throws TsloraError `bad-option` that lists every invalid option, also those of checks that are not made; `bad-input`
 *   if data do not fit.
 */
export function readAudit(
  data: AuditedData,
  options: AuditOptions,
): { audited: AuditedTexts; checks: ReadonlySet<AuditCheck> } {
  const { probabilities, embeddings, folds = {} } = options;
  const problems = new Problems("audit");
  const audited = readAuditedTexts(problems, data, options);
  const { labels, names } = audited;
  const checks = checksOf(problems, options, labels !== undefined);
  const needsFolds = checks.has("labels") && probabilities === undefined;
  checkShapes(problems, audited, options);
  checkNearDuplicateOptions(problems, options.duplicates ?? {}, "duplicates.");
  checkSimilarEmbeddingOptions(problems, options.similarEmbeddings ?? {}, "similarEmbeddings.");
  checkLabelIssueOptions(problems, options.labelIssues ?? {}, "labelIssues.");
  checkOddTextOptions(problems, options.oddTexts ?? {}, "oddTexts.");
  checkFolds(problems, labels ?? [], { ...folds, labels: needsFolds ? names : [], prefix: "folds." });
  problems.throwIfAny();
  if (labels !== undefined && probabilities !== undefined) expectProbabilities("audit", labels, probabilities);
  if (labels !== undefined && needsFolds) expectTwoOfEach("audit", labels, names);
  if (embeddings !== undefined) expectEmbeddings("audit", embeddings);
  return { audited, checks };
}

/** Adds a problem for probabilities and embeddings of other texts or classes. */
function checkShapes(
  problems: Problems,
  { texts, labels, names }: AuditedTexts,
  { probabilities, embeddings }: AuditOptions,
): void {
  for (const [name, rows] of Object.entries({ probabilities, embeddings }))
    problems.expect(
      rows === undefined || rows.length === texts.length,
      `${name} must have a row for each of ${texts.length} texts; got ${rows?.length ?? 0}`,
    );
  const columns = probabilities?.find((row) => row.length !== names.length)?.length;
  problems.expect(
    labels === undefined || columns === undefined,
    `probabilities must have a column for each of ${names.length} named classes; got ${String(columns)}`,
  );
}
