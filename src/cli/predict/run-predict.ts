import { once } from "node:events";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import type { Readable } from "node:stream";

import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { EXIT } from "../exit-codes";
import { sentence } from "../facts";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { openClassifier } from "../open-classifier";
import { pick, type OptionValues } from "../options/option-table";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { INPUT_OPTIONS, PREDICT_OPTIONS } from "../options/predict-options";
import { predictTexts } from "./predict-texts";
import { predictionLine } from "./prediction-line";
import { readTextBatches, type ReadText } from "./text-stream";

const MOST_TEXTS = 256; // in one batch

type Values = OptionValues<typeof INPUT_OPTIONS> & OptionValues<typeof PREDICT_OPTIONS>;

/** `tslora predict`. Notices go to standard error; results to standard output, batch by batch. */
export async function runPredict({ terminal, args, values }: CommandCall): Promise<number> {
  const options: Values = { ...pick(values, INPUT_OPTIONS), ...pick(values, PREDICT_OPTIONS) };
  checkOptions(args, options);
  const json = values.json === true;
  const input = args.length > 0 ? undefined : await openInput(terminal.input, options);
  try {
    const notice = (text: string): void => void (json || terminal.err.write(`${sentence(text, terminal.err)}\n`));
    const { classifier } = await openClassifier({ command: "predict", ...pick(values, MODEL_OPTIONS), ...(options.multiLabel === true ? { problemType: "multi_label_classification" as const } : {}), notice, beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)) });
    try {
      checkClassifier(classifier, options);
      if (input?.hint !== undefined) notice(input.hint);
      const batches = input === undefined ? oneBatch(args) : readTextBatches(input.stream, input.format, { most: MOST_TEXTS });
      const several = classifier.problemType === "multi_label_classification";
      const { topK } = options;
      const clean = options.cleanTexts === true ? (await import("../../corpus/clean-text.js")).cleanText : (text: string): string => text; // danfojs stands behind it
      let index = 0;
      for await (const batch of batches) {
        const predictions = await predictTexts(classifier, batch.map(({ text }) => clean(text)), options);
        const lines = predictions.map((prediction, i) => predictionLine(prediction, { ...batch[i], index: index + i }, { json, several, labels: classifier.labels, terminal, ...(topK === undefined ? {} : { topK }) }));
        index += batch.length;
        if (!terminal.out.write(lines.join(""))) await once(terminal.out, "drain");
      }
      return EXIT.ok;
    } finally {
      classifier.dispose();
    }
  } finally {
    input?.stream.destroy();
  }
}

function checkOptions(args: readonly string[], { file, threshold, inputFormat, textColumn, idColumn, delimiter }: Values): void {
  const problems = new Problems("tslora predict");
  problems.expect(args.length === 0 || file === undefined, "texts are given as arguments and by --file; one of them was expected");
  problems.expect(threshold === undefined || (threshold >= 0 && threshold <= 1), `--threshold is to be a number from 0 to 1; ${threshold} came`);
  const format = args.length > 0 ? undefined : formatOf(file, inputFormat);
  problems.expect(inputFormat === undefined || args.length === 0, "--input-format is for --file and standard input; texts are given as arguments");
  problems.expect((textColumn === undefined && idColumn === undefined) || (format !== undefined && format !== "lines"), "--text-column and --id-column are for tables: CSV, TSV and JSONL, by the file's ending or --input-format");
  problems.expect(delimiter === undefined || format === "csv" || format === "tsv", "--delimiter is for CSV");
  problems.throwIfAny();
}

function checkClassifier(classifier: SequenceClassifier, { threshold, topK }: Values): void {
  const { labels, problemType } = classifier;
  const problems = new Problems("tslora predict");
  problems.expect(threshold === undefined || labels.length === 2 || problemType === "multi_label_classification", `--threshold is for two labels, or for several labels a text; the classifier has ${labels.length}`);
  problems.expect(topK === undefined || topK <= labels.length, `--top-k is to be at most ${labels.length}, the classifier's labels; ${topK} came`);
  problems.throwIfAny();
}

function formatOf(file: string | undefined, given: Values["inputFormat"]): "lines" | "csv" | "tsv" | "jsonl" {
  if (given !== undefined) return given;
  const ending = file === undefined ? "" : extname(file).toLowerCase();
  return ({ ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl" } as const)[ending] ?? "lines";
}

async function openInput(standard: CommandCall["terminal"]["input"], options: Values): Promise<{ stream: Readable; format: Parameters<typeof readTextBatches>[1]; hint?: string }> {
  const { file, textColumn, idColumn, delimiter } = options;
  const format = {
    kind: formatOf(file, options.inputFormat),
    name: file ?? "standard input",
    ...(textColumn === undefined ? {} : { textColumn }),
    ...(idColumn === undefined ? {} : { idColumn }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
  if (file !== undefined) {
    try {
      return { stream: (await open(file)).createReadStream(), format };
    } catch (error) {
      throw new TsloraError("not-found", `--file: ${file} cannot be read (${error instanceof Error ? error.message : String(error)}).`, { cause: error });
    }
  }
  if (standard === undefined) throw new TsloraError("bad-option", "tslora predict: texts were expected, as arguments, by --file or on standard input.");
  const stream = standard();
  return { stream: stream as Readable, format, ...(stream.isTTY === true ? { hint: "Type texts, one a line; Ctrl-D ends." } : {}) };
}

async function* oneBatch(texts: readonly string[]): AsyncGenerator<ReadText[], void, void> {
  yield texts.map((text) => ({ text }));
}
