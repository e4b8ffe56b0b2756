import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
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
import { pick, type OptionValues } from "../options/option-table";
import { DATA_OPTIONS, DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { countProgress } from "../terminal/show-progress";

type EvaluateValues = OptionValues<typeof EVALUATE_OPTIONS>;
type Notice = (text: string) => void;

/** `tslora evaluate`. Notices and progress go to standard error, the report to standard output. */
export async function runEvaluate(call: CommandCall): Promise<number> {
  const { terminal, values } = call;
  const options = pick(values, EVALUATE_OPTIONS);
  checkOptions(call, options);
  const notices: string[] = [];
  const notice: Notice = (text) => {
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
    checkClassifier(classifier, options);
    const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
    const { frame, corpus } = await loadTexts(pick(values, DATA_OPTIONS), {
      labels: classifier.labels,
      allowMissingClasses: true,
      notice,
    });
    await warnOfTrainedTexts(frame, { folder: pick(values, MODEL_OPTIONS).adapter ?? model.directory, notice });
    const evaluation = await scoreTexts(classifier, { frame, terminal, options });
    const { report, average } = reportOf(evaluation, options.average);
    const { predictions, ...scores } = evaluation;
    const document = {
      model: model.id,
      device: classifier.device,
      adapter: values.adapter,
      data: { source: corpus.source, counts: corpus.report.counts },
      notices,
      threshold: options.threshold,
      evaluation: { ...scores, ...(options.predictions === true ? { predictions } : {}) },
      report,
      average,
    };
    const text = `${JSON.stringify(document, undefined, 2)}\n`; // leaves out what is undefined
    if (options.output !== undefined) await writeAtomically(options.output, text);
    terminal.out.write(
      values.json === true ? text : `${evaluationLines(evaluation, { terminal, average }).join("\n")}\n`,
    );
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}

/** Refuses options that are invalid for every classifier. */
function checkOptions({ values }: CommandCall, { threshold, confidence, predictions, output }: EvaluateValues): void {
  const problems = new Problems("tslora evaluate");
  problems.expect(values.data !== undefined, "--data is needed: the labelled texts to evaluate on");
  problems.expect(
    threshold === undefined || (threshold >= 0 && threshold <= 1),
    `--threshold must be a number from 0 to 1; got ${threshold}`,
  );
  problems.expect(
    confidence === undefined || (confidence > 0 && confidence < 1),
    `--confidence must be a number between 0 and 1; got ${confidence}`,
  );
  problems.expect(
    predictions !== true || values.json === true || output !== undefined,
    "--predictions is for --json and --output; the text report shows none",
  );
  problems.throwIfAny();
}

/** Refuses options that are invalid for this classifier. */
function checkClassifier({ labels, problemType }: SequenceClassifier, { threshold, average }: EvaluateValues): void {
  const problems = new Problems("tslora evaluate");
  problems.expect(
    threshold === undefined || labels.length === 2,
    `--threshold is for two labels; the classifier has ${labels.length}`,
  );
  problems.expect(
    average !== "binary" || labels.length === 2,
    `--average binary is for two labels; the classifier has ${labels.length}. Give micro, macro or weighted`,
  );
  problems.expect(
    problemType === "single_label_classification",
    "a text of the classifier may have several labels, and the report needs one label per text; use evaluateMultiLabel in TypeScript",
  );
  problems.throwIfAny();
}

/** Evaluates the classifier, shows the progress, and applies the threshold. */
async function scoreTexts(
  classifier: SequenceClassifier,
  { frame, terminal, options }: { frame: DataFrame; terminal: CommandCall["terminal"]; options: EvaluateValues },
): Promise<Evaluation> {
  const { threshold, confidence, maxTokensPerPass } = options;
  const progress = countProgress(terminal, "Evaluating");
  try {
    const evaluation = await evaluate(classifier, frame, {
      onProgress: progress.update,
      confidence,
      maxTokensPerPass,
    });
    return threshold === undefined ? evaluation : applyThreshold(evaluation, { threshold });
  } finally {
    progress.stop();
  }
}

/** scikit-learn's report as an object, and the requested average. */
function reportOf({ predictions, labels: targetNames }: Evaluation, average: EvaluateValues["average"]) {
  const yTrue = predictions.map((one) => one.yTrue);
  const yPred = predictions.map((one) => one.yPred);
  const labels = targetNames.map((_, label) => label);
  return {
    report: classificationReportDict(yTrue, yPred, { labels, targetNames }),
    average:
      average === undefined
        ? undefined
        : { name: average, scores: precisionRecallFscoreSupport(yTrue, yPred, { average, labels }) },
  };
}

/** Warns if the run was trained on some of the texts: scores on them are too good. */
async function warnOfTrainedTexts(
  frame: DataFrame,
  { folder, notice }: { folder: string; notice: Notice },
): Promise<void> {
  const { countTrainedTexts } = await import("../train/trained-texts.js");
  const trained = (await countTrainedTexts(folder, frame)) ?? 0;
  if (trained > 0)
    notice(
      `Warning: it was trained on ${trained} of these ${frame.shape[0]} texts, so the scores are too good. Evaluate on other texts, such as the run's test part.`,
    );
}
