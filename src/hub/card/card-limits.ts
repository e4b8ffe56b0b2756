import type { ModelCardInfo } from "./card-info";
import { dataOf } from "./card-metadata";
import { cardText } from "./card-table";

/** Limits of the run's figures, and uses that are out of scope. */
export function limitLines(info: ModelCardInfo): string[] {
  const { after, banner, maxLength, seed, warnings = [] } = info;
  const data = dataOf(info);
  const name = data === undefined ? "the training texts" : cardText(data.name);
  const limits = [
    ...[...(banner === undefined ? [] : [banner]), ...warnings].map(cardText),
    ...(after === undefined
      ? []
      : [`The figures come from ${after.n} test texts of the same data; other texts were not tried.`]),
    ...againstBaseline(info),
    ...weakestLabel(info),
    ...(seed === undefined
      ? []
      : [`The run has one seed, ${seed}. Another seed gives another classifier with other figures.`]),
    ...(maxLength === undefined ? [] : [`Texts are cut to ${maxLength} tokens; what follows has no effect.`]),
    "Whether the probabilities are calibrated, and how the classifier treats groups of people or writers, was not measured.",
    "This card names no licence. Those of the base model and of the data hold.",
  ];
  return [
    "## Limits",
    "",
    ...limits.map((limit) => `- ${limit}`),
    "",
    "## Out-of-scope use",
    "",
    `- Texts of another kind, language or source than ${name}, and labels other than those above: nothing was measured on them.`,
    "- Decisions about people, and medical, legal or financial decisions, without a person who checks each one.",
  ];
}

function againstBaseline({ after, baseline }: ModelCardInfo): string[] {
  if (after === undefined) return [];
  if (baseline === undefined) return ["It was not compared with a simpler classifier."];
  const [own, other] = [after.accuracy, baseline.accuracy].map((value) => value.toFixed(3));
  if (baseline.accuracy >= after.accuracy)
    return [`It is not better than TF-IDF with logistic regression: accuracy ${own}, and ${other} for that.`];
  const low = after.accuracyInterval?.low;
  return low !== undefined && baseline.accuracy >= low
    ? [`The accuracy of TF-IDF with logistic regression, ${other}, is within the interval of this classifier's.`]
    : [];
}

function weakestLabel({ after }: ModelCardInfo): string[] {
  const known = after?.perLabel.filter(({ support }) => support > 0) ?? [];
  const [first] = [...known].sort((a, b) => a.recall - b.recall);
  if (first === undefined || first.recall === 1) return [];
  return [
    `It finds ${(100 * first.recall).toFixed(1)}% of the ${first.support} test texts labelled ${cardText(first.name)}, the lowest share of all labels.`,
  ];
}
