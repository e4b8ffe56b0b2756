import { formatInterval, formatNumber, formatShare } from "../../figures/format";
import { prevalenceFigure } from "../../figures/plots/prevalence-figure";
import type { OtherTextFacts, StudyFacts } from "../facts/study-facts";
import { missing, type PageBlock, type PageSection } from "../page/page-section";

const SHOWN = [0.01, 0.05, 0.1, 0.2, 0.5]; // shares of positive texts in the table

/** Expectations for other texts: other shares of the labels, and other sources. */
export function otherTextSection({ otherTexts, subject, findings }: StudyFacts): PageSection {
  const expected = findings.find((line) => line.startsWith("On as many other texts"));
  const own = subject.method === "lora" ? "--adapter output/adapter" : "--model output/model";
  return {
    id: "other-texts",
    title: "Other texts",
    content: [
      ...(expected === undefined ? [] : [{ kind: "paragraph" as const, text: expected }]),
      ...prevalenceBlocks(otherTexts, subject.labels[1]),
      ...(otherTexts.evaluations === undefined
        ? missing("an evaluation on texts of another source", `npx tslora evaluate ${own} --data other.csv`)
        : [evaluationTable(otherTexts.evaluations)]),
    ],
  };
}

function prevalenceBlocks({ prevalence }: OtherTextFacts, positive: string): PageBlock[] {
  if (prevalence === undefined) return [];
  return [
    {
      kind: "paragraph",
      text: `Where a smaller share of the texts is ${positive}, fewer of those predicted ${positive} are: the precision falls, though the classifier is the same. The figures follow from its sensitivity of ${formatNumber(prevalence.sensitivity, 3)} and specificity of ${formatNumber(prevalence.specificity, 3)} by Bayes' rule. In the test part the share is ${formatShare(prevalence.testPrevalence)}.`,
    },
    {
      kind: "table",
      id: "other-texts-prevalence",
      caption: `Precision of ${positive} where another share of texts is ${positive}`,
      columns: ["Share", "Precision", "Flagged of 1,000", "Found of 1,000"].map((name, i) => ({
        name,
        ...(i === 0 ? {} : { align: "right" as const, digits: 0 }),
      })),
      rows: prevalence.points
        .filter((point) => SHOWN.includes(point.prevalence))
        .map(({ prevalence: share, precision, precisionInterval, flaggedPerThousand, foundPerThousand }) => [
          formatShare(share),
          precision === null || precisionInterval === null
            ? null
            : { text: formatNumber(precision, 3), detail: formatInterval(precisionInterval, 3) },
          flaggedPerThousand,
          foundPerThousand,
        ]),
    },
    ...(prevalence.points.filter((point) => point.prevalence > 0 && point.precision !== null).length < 2
      ? []
      : [{ kind: "plot" as const, id: "other-texts-figure", figure: prevalenceFigure(prevalence) }]),
  ];
}

function evaluationTable(evaluations: NonNullable<OtherTextFacts["evaluations"]>): PageBlock {
  return {
    kind: "table",
    id: "other-texts-evaluations",
    caption: "Texts of other sources",
    columns: [
      { name: "Texts" },
      { name: "Number", align: "right" },
      { name: "Accuracy", align: "right" },
      { name: "Area under ROC", align: "right", digits: 3 },
      { name: "Cross entropy", align: "right", digits: 3 },
    ],
    rows: evaluations.map(({ name, evaluation }) => [
      name,
      evaluation.n,
      { text: formatNumber(evaluation.accuracy, 3), detail: formatInterval(evaluation.accuracyInterval, 3) },
      evaluation.rocAuc,
      evaluation.loss,
    ]),
  };
}
