import { formatNumber } from "../../figures/format";
import { reliabilityFigure } from "../../figures/plots/reliability-figure";
import type { CalibrationReport } from "../../evaluation/calibration/calibration-report";
import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";

const MEASURES: readonly { readonly name: string; readonly of: (report: CalibrationReport) => number }[] = [
  { name: "Expected calibration error, 10 bins of equal width", of: ({ ece }) => ece },
  { name: "Expected calibration error, 10 bins of equally many texts", of: ({ eceEqualMass }) => eceEqualMass },
  { name: "Maximum calibration error", of: ({ mce }) => mce },
  { name: "Brier score", of: ({ brier }) => brier },
  { name: "Cross entropy", of: ({ logLoss }) => logLoss },
];

/** The quality of the probabilities, before and after a temperature. */
export function calibrationSection({ calibration, subject }: StudyFacts): PageSection {
  const fitted = calibration.kind === "temperature" ? calibration : undefined;
  const of = subject.labels.length === 2 ? `the label ${subject.labels[1]}` : "the predicted label";
  return {
    id: "calibration",
    title: "Calibration",
    content: [
      {
        kind: "paragraph",
        text:
          calibration.kind === "temperature"
            ? `A probability of 0.9 should be right nine times of ten. One temperature, ${formatNumber(calibration.temperature, 3)}, was fitted on ${formatNumber(calibration.fittedOn)} validation texts and divides all logits; it changes no predicted label. ${calibration.temperature > 1 ? "It is above 1: the probabilities were too certain." : "It is not above 1: the probabilities were not too certain."} All figures are of the test texts.`
            : `A probability of 0.9 should be right nine times of ten. No temperature was fitted on the validation texts: ${calibration.reason}`,
      },
      {
        kind: "table",
        id: "calibration-measures",
        caption: "Measures of calibration on the test texts; less is better",
        columns: [
          { name: "Measure" },
          { name: "As trained", align: "right", digits: 3 },
          ...(fitted === undefined ? [] : [{ name: "After temperature scaling", align: "right" as const, digits: 3 }]),
        ],
        rows: MEASURES.map(({ name, of: measure }) => [
          name,
          measure(calibration.before),
          ...(fitted === undefined ? [] : [measure(fitted.after)]),
        ]),
      },
      {
        kind: "plot",
        id: "calibration-reliability",
        figure: reliabilityFigure(calibration.curves, { title: `Reliability of the probabilities of ${of}` }),
      },
      {
        kind: "command",
        does: "The command that stores a calibration with the classifier, for predictions:",
        command: `npx tslora calibrate ${subject.method === "lora" ? "--adapter output/adapter" : "--model output/model"} --data validation.csv`,
      },
    ],
  };
}
