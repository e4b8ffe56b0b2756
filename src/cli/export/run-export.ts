import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { checkExportFolder } from "../../export/export-folder";
import { exportOnnx, type OnnxExport } from "../../export/export-onnx";
import { EXIT } from "../exit-codes";
import { expectPairs } from "../inputs/expect-pairs";
import { openClassifier, type OpenedClassifier } from "../inputs/open-classifier";
import { asksForSeveralLabels } from "../inputs/several-labels";
import { warnOfTrainedTexts } from "../inputs/warn-of-trained-texts";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { EXPORT_OPTIONS } from "../options/export-options";
import { pick } from "../options/option-table";
import { DATA_OPTIONS, DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { hearInterruption } from "../run/interruption";
import { shortPath } from "../run/run-in-terminal";
import { bytes } from "../terminal/text-layout";
import { writeNotice } from "../terminal/write-notice";
import { table, type Terminal } from "../terminal/terminal";
import { compareExports, type Comparison } from "./compare-exports";
import { comparisonLines, costWarning } from "./export-lines";

type Notice = (text: string) => void;

/** `tslora export`. Notices go to standard error, the files and the comparison to standard output. */
export async function runExport(call: CommandCall): Promise<number> {
  const { terminal, values } = call;
  const folder = checkOptions(call);
  const { quantize, overwriteOutputDir } = pick(values, EXPORT_OPTIONS);
  const notices: string[] = [];
  const notice: Notice = (text) => {
    notices.push(text);
    if (values.json !== true) writeNotice(terminal, text);
  };
  const opened = await openClassifier({
    command: "export",
    terminal,
    ...pick(values, MODEL_OPTIONS),
    problemType: asksForSeveralLabels(pick(values, DATA_OPTIONS)) ? "multi_label_classification" : undefined,
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
  });
  const { classifier, model } = opened;
  try {
    const frame = await loadData(call, opened, notice); // before the export: bad data write nothing
    const result = await interruptible(terminal, (signal) =>
      exportOnnx(classifier, folder, { quantize, overwriteOutputDir, signal }),
    );
    const compared = await compare(call, { classifier, frame, result });
    if (compared?.cost?.isCostly === true) notice(costWarning(compared.cost));
    const { adapter } = pick(values, MODEL_OPTIONS);
    if (values.json === true) {
      const document = { ...result, model: model.id, adapter, labels: classifier.labels, ...compared, notices };
      terminal.out.write(`${JSON.stringify(document, undefined, 2)}\n`);
    } else {
      const lines = compared === undefined ? fileLines(result) : comparisonLines(compared);
      terminal.out.write(`${[...lines, `folder: ${shortPath(folder)}`].join("\n")}\n`);
    }
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}

/** Lets Ctrl-C stop the export. */
async function interruptible<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = hearInterruption(terminal, { effect: "the folder stays as it was" });
  try {
    return await work(interruption.signal);
  } finally {
    interruption.release();
  }
}

/** Refuses options that are invalid for every classifier. Returns the folder to write. */
function checkOptions({ values }: CommandCall): string {
  const { output, overwriteOutputDir: overwrite = false } = pick(values, EXPORT_OPTIONS);
  const { model, adapter } = pick(values, MODEL_OPTIONS);
  const problems = new Problems("tslora export");
  problems.expect(output !== undefined, "--output is needed: the folder for the exported model");
  const sources = [model, adapter].flatMap((source) => source ?? []);
  if (output !== undefined) checkExportFolder(problems, output, { overwrite, sources });
  problems.throwIfAny();
  return output ?? "";
}

/** The texts to compare the accuracies on. */
async function loadData(
  { values }: CommandCall,
  { classifier, adapterFolder }: OpenedClassifier,
  notice: Notice,
): Promise<DataFrame | undefined> {
  const data = pick(values, DATA_OPTIONS);
  if (data.data === undefined) return undefined;
  expectPairs(classifier, { textPair: data.textPair, command: "export" });
  const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
  const several = classifier.problemType === "multi_label_classification" ? { multiLabel: true } : {};
  const { labels } = classifier;
  const { frame } = await loadTexts({ ...data, ...several }, { labels, allowMissingClasses: true, notice });
  await warnOfTrainedTexts(frame, { folder: adapterFolder ?? classifier.origin.directory, notice });
  return frame;
}

/** Compares the exported models, if there are two or there are data. */
async function compare(
  { values, terminal }: CommandCall,
  { classifier, frame, result }: { classifier: SequenceClassifier; frame: DataFrame | undefined; result: OnnxExport },
): Promise<Comparison | undefined> {
  const { quantize } = pick(values, EXPORT_OPTIONS);
  if (quantize === undefined && frame === undefined) return undefined;
  const kinds = quantize === undefined ? (["float32"] as const) : (["float32", "int8"] as const);
  return compareExports(result, { kinds, frame, terminal, longest: classifier.tokenizer.maxLength });
}

function fileLines({ files }: OnnxExport): string[] {
  return table(files.map(({ path, bytes: size }) => [path, bytes(size)]));
}
