import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { ResolvedModel } from "../../hub/resolve-model";
import { writeAtomically } from "../../base/files/write-atomically";
import { FEWEST_TRAINING_TEXTS } from "../../evaluation/shift/distances";
import { EVALUATE_OPTIONS } from "../options/evaluate-options";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { writeNotice } from "../terminal/write-notice";
import { loadQuietly } from "../load-quietly";
import { expectPairs } from "../inputs/expect-pairs";
import { findCalibration } from "../inputs/stored-calibration";
import type { LoadedTexts } from "../inputs/load-texts";
import { openClassifier } from "../inputs/open-classifier";
import { asksForSeveralLabels } from "../inputs/several-labels";
import { warnOfTrainedTexts } from "../inputs/warn-of-trained-texts";
import { pick, type OptionValues } from "../options/option-table";
import { DATA_OPTIONS, DEVICE_OPTIONS, MODEL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import { compareTraining } from "./compare-training";
import { scoreTexts } from "./score-texts";
import { usePrecision } from "./use-precision";

type EvaluateValues = OptionValues<typeof EVALUATE_OPTIONS & typeof PRECISION_OPTIONS>;
type Notice = (text: string) => void;

/** `tslora evaluate`. Notices and progress go to standard error, the report to standard output. */
export async function runEvaluate(call: CommandCall): Promise<number> {
  const { terminal, values } = call;
  const options = pick(values, EVALUATE_OPTIONS);
  checkOptions(call, { ...options, ...pick(values, PRECISION_OPTIONS) });
  const notices: string[] = [];
  const notice: Notice = (text) => {
    notices.push(text);
    if (values.json !== true) writeNotice(terminal, text);
  };
  const { classifier, model, adapterFolder } = await openClassifier({
    command: "evaluate",
    terminal,
    ...pick(values, MODEL_OPTIONS),
    problemType: asksForSeveralLabels(pick(values, DATA_OPTIONS)) ? "multi_label_classification" : undefined,
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
  });
  try {
    checkClassifier(classifier, options);
    const document = await evaluateOn(classifier, {
      call,
      options,
      model,
      folder: adapterFolder ?? model.directory,
      notice,
    });
    const { lines, ...rest } = document;
    const text = `${JSON.stringify({ ...rest, notices }, undefined, 2)}\n`; // leaves out what is undefined
    if (options.output !== undefined) await writeAtomically(options.output, text);
    terminal.out.write(values.json === true ? text : `${lines.join("\n")}\n`);
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}

interface EvaluateInput {
  readonly call: CommandCall;
  readonly options: OptionValues<typeof EVALUATE_OPTIONS>;
  readonly model: ResolvedModel;
  /** The adapter's folder, or the model's. */
  readonly folder: string;
  readonly notice: Notice;
}

/** Loads the texts, and scores the classifier on them. Returns the document, and the lines of the report. */
async function evaluateOn(
  classifier: SequenceClassifier,
  { call, options, model, folder, notice }: EvaluateInput,
): Promise<{ readonly lines: readonly string[]; readonly [key: string]: unknown }> {
  const { terminal, values } = call;
  const data = pick(values, DATA_OPTIONS);
  expectPairs(classifier, { textPair: data.textPair, command: "evaluate" });
  const { frame, corpus } = await load(classifier, { data, notice });
  const training =
    options.trainingData === undefined
      ? undefined
      : await trainingFrame(classifier, { data: { ...data, data: options.trainingData }, notice });
  const asked = { ...pick(values, PRECISION_OPTIONS), precisionCheck: options.precisionCheck };
  const precision = await usePrecision(classifier, { ...asked, frame, notice });
  await warnOfTrainedTexts(frame, { folder, notice });
  const calibration = await findCalibration(classifier, { folder, asked: options.calibration, notice });
  const scored = await scoreTexts(classifier, { frame, terminal, options, calibration });
  const { evaluation, report, average } = scored;
  const compared = training && (await compareTraining(classifier, { frame, training, terminal, options }));
  if (compared?.warning !== undefined) notice(compared.warning);
  const lines = [...scored.lines, ...(compared?.lines ?? [])];
  return {
    model: model.id,
    device: classifier.device,
    precision,
    adapter: values.adapter,
    data: { source: corpus.source, counts: corpus.report.counts },
    calibration: calibration?.method,
    threshold: options.threshold,
    evaluation,
    report,
    average,
    trainingComparison: compared?.comparison,
    lines,
  };
}

interface LoadInput {
  readonly data: OptionValues<typeof DATA_OPTIONS>;
  readonly notice: Notice;
}

/** Loads texts with the classifier's labels. */
async function load(classifier: SequenceClassifier, { data, notice }: LoadInput): Promise<LoadedTexts> {
  const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
  const { labels } = classifier;
  return loadTexts({ ...data, ...severalOf(classifier) }, { labels, allowMissingClasses: true, notice });
}

/** Loads the training data, in the same format as the evaluated texts. */
async function trainingFrame(classifier: SequenceClassifier, { data, notice }: LoadInput): Promise<DataFrame> {
  const asTraining: Notice = (text) => notice(text.replace(/^Data: /, "Training data: "));
  const { frame } = await load(classifier, { data, notice: asTraining });
  const problems = new Problems("tslora evaluate");
  problems.expect(
    frame.shape[0] >= FEWEST_TRAINING_TEXTS,
    `--training-data must have ${FEWEST_TRAINING_TEXTS} texts or more; got ${frame.shape[0]}`,
  );
  problems.throwIfAny("bad-input");
  return frame;
}

/** Refuses options that are invalid for every classifier. */
function checkOptions({ values }: CommandCall, options: EvaluateValues): void {
  const { threshold, confidence, predictions, output, precision, precisionCheck, trainingData, distance } = options;
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
  problems.expect(
    distance === undefined || trainingData !== undefined,
    `--distance is for --training-data; got ${distance}`,
  );
  problems.expect(
    precisionCheck === undefined || precision === "int8",
    `--precision-check is for --precision int8; got ${precision ?? "float32"}`,
  );
  problems.throwIfAny();
}

/** Refuses options that are invalid for this classifier. */
function checkClassifier({ labels, problemType }: SequenceClassifier, { threshold, average }: EvaluateValues): void {
  const problems = new Problems("tslora evaluate");
  const several = problemType === "multi_label_classification";
  problems.expect(
    threshold === undefined || several || labels.length === 2,
    `--threshold is for two labels, or for several labels a text; the classifier has ${labels.length}`,
  );
  problems.expect(
    average !== "binary" || (!several && labels.length === 2),
    `--average binary is for two labels; the classifier has ${several ? "any number for a text" : labels.length}. Give micro, macro or weighted`,
  );
  problems.throwIfAny();
}

/** The option to read several labels, for a classifier whose texts may have several. */
function severalOf({ problemType }: SequenceClassifier): { multiLabel?: true } {
  return problemType === "multi_label_classification" ? { multiLabel: true } : {};
}
