import { Problems } from "../../base/problems";
import { QUALITY_METHODS, type QualityMethod } from "../audit-defaults";
import { expectProbabilities, type ClassProbabilities } from "./labelled-probabilities";

/**
 * A score from 0 to 1 for each text: the lower, the more probable is a wrong label. Equal to
 * `cleanlab.rank.get_label_quality_scores`.
 *
 * @param options.method - `self_confidence`: the label's probability; `normalized_margin`: (the label's probability -
 *   the largest of the other classes + 1) / 2. By default `self_confidence`
 * @throws TsloraError `bad-input` if rows or classes do not match, `bad-option` for another method.
 */
export function labelQualityScores(
  labels: readonly number[],
  probabilities: ClassProbabilities,
  { method = "self_confidence" }: { readonly method?: QualityMethod } = {},
): number[] {
  const problems = new Problems("labelQualityScores");
  checkMethod(problems, "method", method);
  problems.throwIfAny();
  expectProbabilities("labelQualityScores", labels, probabilities);
  return labels.map((label, row) => {
    const own = probabilities[row][label];
    if (method === "self_confidence") return own;
    let other = -Infinity;
    for (let i = 0; i < probabilities[row].length; i++)
      if (i !== label && probabilities[row][i] > other) other = probabilities[row][i];
    return (own - other + 1) / 2;
  });
}

/** Adds a problem unless the method is known. */
export function checkMethod(problems: Problems, option: string, method: QualityMethod | undefined): void {
  problems.expect(
    method === undefined || QUALITY_METHODS.includes(method),
    `${option} must be one of ${QUALITY_METHODS.join(", ")}; got ${String(method)}`,
  );
}
