import { formatInterval, formatNumber } from "../../figures/format";
import { SOURCES, type ChecklistAnswers, type FactsForChecklist } from "./checklist-answer";

/** Answers about open science and results. */
export function resultAnswers(facts: FactsForChecklist): ChecklistAnswers {
  const { subject, data, training, results, calibration, environment } = facts;
  const { after, before, baseline } = results;
  const area = after.rocAuc === null ? "" : `, area under the ROC curve ${formatNumber(after.rocAuc, 3)}`;
  return {
    ...(data === undefined || environment === undefined
      ? {}
      : {
          18: {
            text: `Code: tslora ${environment.versions.tslora}, with the commands that repeat the run. Data: the SHA-256 of the texts is ${data.textsSha256.slice(0, 16)}…`,
            source: SOURCES.repeat,
            authorsAdd: "funding, interests, protocol, registration, and where data and code are shared",
          },
        }),
    ...(data === undefined
      ? {}
      : {
          20: {
            text: `${formatNumber(data.entries.read)} entries read, ${formatNumber(data.entries.kept)} used: ${data.parts.map(({ name, texts }) => `${name} ${formatNumber(texts)}`).join(", ")}, with labels and lengths of each part.`,
            source: SOURCES.parts,
          },
          21: {
            text: data.parts
              .map(
                ({ name, perLabel }) =>
                  `${name}: ${data.labels.map((label, i) => `${label.name} ${formatNumber(perLabel[i])}`).join(", ")}`,
              )
              .join("; "),
            source: SOURCES.parts,
          },
        }),
    ...(training === undefined
      ? {}
      : {
          22: {
            text: `The weights are in output/${subject.method === "lora" ? "adapter" : "model"}, in the format of ${subject.method === "lora" ? "peft" : "transformers"}: ${formatNumber(training.trainableParameters.trainable)} of ${formatNumber(training.trainableParameters.all)} parameters were trained.`,
            source: SOURCES.modelTable,
          },
        }),
    23: {
      text: `Accuracy ${formatNumber(after.accuracy, 3)} ${formatInterval(after.accuracyInterval, 3)} after training, ${formatNumber(before.accuracy, 3)} before, ${formatNumber(baseline.accuracy, 3)} for TF-IDF with logistic regression${area}; each label has its own rows.`,
      source: SOURCES.comparison,
      authorsAdd: "performance in groups of people, places or times",
    },
    24: {
      text:
        calibration.kind === "temperature"
          ? `A temperature of ${formatNumber(calibration.temperature, 3)} was fitted on ${formatNumber(calibration.fittedOn)} validation texts: the expected calibration error on the test texts went from ${formatNumber(calibration.before.ece, 3)} to ${formatNumber(calibration.after.ece, 3)}.`
          : `No temperature was fitted. The expected calibration error on the test texts is ${formatNumber(calibration.before.ece, 3)}.`,
      source: SOURCES.calibration,
    },
  };
}
