import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import { writeAtomically } from "../../base/files/write-atomically";
import { applyThreshold } from "../../evaluation/threshold/apply-threshold";
import { evaluate } from "../../evaluation/evaluate";
import type { Evaluation } from "../../evaluation/evaluation";
import { classificationReportDict } from "../../evaluation/metrics/classification-report-dict";
import { precisionRecallFscoreSupport } from "../../evaluation/metrics/precision-recall-fscore-support";
import { EVALUATE_OPTIONS } from "../options/evaluate-options";
import { evaluationLines } from "./evaluation-lines";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { sentence } from "../terminal/text-layout";
import { loadQuietly } from "../load-quietly";
import { openClassifier } from "../inputs/open-classifier";
import { pick } from "../options/option-table";
import { DATA_OPTIONS, DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { countProgress } from "../terminal/show-progress";

/** `tslora evaluate`. Notices and progress go to standard error, the report to standard output. */
export async function runEvaluate({ terminal, values }: CommandCall): Promise<number> {
  const {
    threshold,
    average,
    confidence,
    predictions = false,
    output,
    maxTokensPerPass,
  } = pick(values, EVALUATE_OPTIONS);
  const problems = new Problems("tslora evaluate");
  problems.expect(values.data !== undefined, "--data is needed: the labelled texts to score the classifier on");
  problems.expect(
    threshold === undefined || (threshold >= 0 && threshold <= 1),
    `--threshold must be a number from 0 to 1; got ${threshold}`,
  );
  problems.expect(
    confidence === undefined || (confidence > 0 && confidence < 1),
    `--confidence must be a number between 0 and 1; got ${confidence}`,
  );
  problems.expect(
    !predictions || values.json === true || output !== undefined,
    "--predictions is for --json and --output; the text shows none",
  );
  problems.throwIfAny();
  const notices: string[] = [];
  const notice = (text: string): void => {
    notices.push(text);
    if (values.json !== true) terminal.err.write(`${sentence(text, terminal.err)}\n`);
  };
  const { classifier, model } = await openClassifier({
    command: "evaluate",
    ...pick(values, MODEL_OPTIONS),
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
  });
  try {
    problems.expect(
      threshold === undefined || classifier.labels.length === 2,
      `--threshold is for two labels; the classifier has ${classifier.labels.length}`,
    );
    problems.expect(
      average !== "binary" || classifier.labels.length === 2,
      `--average binary is for two labels; the classifier has ${classifier.labels.length}: micro, macro and weighted are for more`,
    );
    problems.expect(
      classifier.problemType === "single_label_classification",
      "the classifier's texts may have several labels, and a report is of one label a text; in TypeScript evaluateMultiLabel scores such",
    );
    problems.throwIfAny();
    const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
    const { frame, corpus } = await loadTexts(pick(values, DATA_OPTIONS), {
      labels: classifier.labels,
      allowMissingClasses: true,
      notice,
    });
    await warnOfTrainedTexts(frame, { folder: pick(values, MODEL_OPTIONS).adapter ?? model.directory, notice });
    const progress = countProgress(terminal, "Evaluating");
    let evaluation: Evaluation;
    try {
      evaluation = await evaluate(classifier, frame, {
        onProgress: progress.update,
        ...(confidence === undefined ? {} : { confidence }),
        ...(maxTokensPerPass === undefined ? {} : { maxTokensPerPass }),
      });
    } finally {
      progress.stop();
    }
    if (threshold !== undefined) evaluation = applyThreshold(evaluation, { threshold });
    const yTrue = evaluation.predictions.map((one) => one.yTrue);
    const yPred = evaluation.predictions.map((one) => one.yPred);
    const labels = evaluation.labels.map((_, label) => label);
    const averaged =
      average === undefined
        ? undefined
        : { name: average, scores: precisionRecallFscoreSupport(yTrue, yPred, { average, labels }) };
    const { predictions: each, ...scores } = evaluation;
    const document = {
      model: model.id,
      device: classifier.device,
      ...(values.adapter === undefined ? {} : { adapter: values.adapter }),
      data: { source: corpus.source, counts: corpus.report.counts },
      notices,
      ...(threshold === undefined ? {} : { threshold }),
      evaluation: { ...scores, ...(predictions ? { predictions: each } : {}) },
      report: classificationReportDict(yTrue, yPred, { labels, targetNames: evaluation.labels }),
      ...(averaged === undefined ? {} : { average: averaged }),
    };
    const text = `${JSON.stringify(document, undefined, 2)}\n`;
    if (output !== undefined) await writeAtomically(output, text);
    terminal.out.write(
      values.json === true
        ? text
        : `${evaluationLines(evaluation, { terminal, ...(averaged === undefined ? {} : { average: averaged }) }).join("\n")}\n`,
    );
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}

/** Says how many of the texts the run was trained on: its figures on them are too good. */
async function warnOfTrainedTexts(
  frame: DataFrame,
  { folder, notice }: { folder: string; notice: (text: string) => void },
): Promise<void> {
  const { countTrainedTexts } = await import("../train/trained-texts.js");
  const trained = (await countTrainedTexts(folder, frame)) ?? 0;
  if (trained > 0)
    notice(
      `Warning: ${trained} of these ${frame.shape[0]} texts are among those that it was trained on, so that the figures are too good. Evaluate on texts that it has not seen, such as the run's test part.`,
    );
}
