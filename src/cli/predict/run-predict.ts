import { once } from "node:events";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import type { Readable } from "node:stream";

import { Problems } from "../../base/problems";
import { textInput } from "../../base/text-input";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { isDelimiter } from "../../corpus/table/table-format";
import { EXIT } from "../exit-codes";
import { writeNotice } from "../terminal/write-notice";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { expectPairs } from "../inputs/expect-pairs";
import { findCalibration, findSets } from "../inputs/stored-calibration";
import { openClassifier } from "../inputs/open-classifier";
import { BULK_DRIVER_OPTIONS, BULK_OPTIONS } from "../options/bulk-options";
import { pick, type OptionValues } from "../options/option-table";
import { DEVICE_OPTIONS, MODEL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import { INPUT_OPTIONS, PREDICT_OPTIONS } from "../options/predict-options";
import { flagsInMessage } from "../terminal/flags-in-messages";
import { predictTexts, type PredictTextsOptions } from "../../evaluation/predict-texts";
import { predictionLine } from "./prediction-line";
import { readTextBatches, type LeftOut, type ReadText } from "./text-stream";

const MOST_TEXTS = 256; // in one batch
const DECIDE_OPTIONS = {
  threshold: PREDICT_OPTIONS.threshold,
  maxTokensPerPass: PREDICT_OPTIONS.maxTokensPerPass,
};
const INPUT = { title: "Input", options: INPUT_OPTIONS };

type Values = OptionValues<typeof INPUT_OPTIONS> & OptionValues<typeof PREDICT_OPTIONS>;

/** `tslora predict`. Notices go to standard error; results to standard output, batch by batch. */
export async function runPredict(call: CommandCall): Promise<number> {
  const { terminal, args, values } = call;
  if (Object.keys(pick(values, { ...BULK_OPTIONS, ...BULK_DRIVER_OPTIONS })).length > 0)
    return (await import("./run-bulk.js")).runBulk(call);
  const options: Values = { ...pick(values, INPUT_OPTIONS), ...pick(values, PREDICT_OPTIONS) };
  checkOptions(args, options);
  const json = values.json === true;
  const input = args.length > 0 ? undefined : await openInput(terminal.input, options);
  try {
    const notice = (text: string): void => writeNotice(terminal, text);
    const { classifier, model, adapterFolder } = await openClassifier({
      command: "predict",
      terminal,
      ...pick(values, MODEL_OPTIONS),
      ...pick(values, PRECISION_OPTIONS),
      problemType: options.multiLabel === true ? "multi_label_classification" : undefined,
      notice,
      beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
    });
    try {
      checkClassifier(classifier, options);
      expectPairs(classifier, { textPair: options.textPair, command: "predict" });
      const folder = adapterFolder ?? model.directory;
      const calibration = await findCalibration(classifier, { folder, asked: options.calibration, notice });
      const { abstain: alpha } = options;
      const flag = adapterFolder === undefined ? "--model" : "--adapter";
      const abstain = alpha === undefined ? undefined : await findSets(classifier, { folder, alpha, flag });
      if (input?.hint !== undefined) notice(input.hint);
      const batches =
        input === undefined ? oneBatch(args) : readTextBatches(input.stream, input.format, { most: MOST_TEXTS });
      await predictBatches(batches, {
        classifier,
        options,
        decide: { ...pick(values, DECIDE_OPTIONS), calibration, abstain },
        terminal,
        json,
        notice,
      });
      return EXIT.ok;
    } finally {
      classifier.dispose();
    }
  } finally {
    input?.stream.destroy();
  }
}

interface PredictCall {
  readonly classifier: SequenceClassifier;
  readonly options: Values;
  readonly decide: PredictTextsOptions;
  readonly terminal: CommandCall["terminal"];
  readonly json: boolean;
  readonly notice: (text: string) => void;
}

/** Predicts batch by batch, and writes one line per row, in order. A bad row is left out, or ends the command. */
async function predictBatches(
  batches: AsyncIterable<readonly (ReadText | LeftOut)[]>,
  call: PredictCall,
): Promise<void> {
  const { classifier, options, decide, terminal, json, notice } = call;
  const several = classifier.problemType === "multi_label_classification";
  const format = { json, several, labels: classifier.labels, terminal, topK: options.topK };
  const clean =
    options.cleanTexts === true
      ? (await import("../../corpus/text/clean-text.js")).cleanText
      : (text: string): string => text; // its import loads danfojs
  let index = 0; // counts rows, including those left out
  let leftOut = 0;
  for await (const batch of batches) {
    const cut = options.onBadEntry === "report" ? -1 : batch.findIndex((entry) => "problem" in entry);
    const entries = (cut < 0 ? batch : batch.slice(0, cut)).map((entry, i) => ({ entry, index: index + i }));
    const texts = entries.flatMap(({ entry }) =>
      "text" in entry
        ? [textInput(clean(entry.text), entry.textPair === undefined ? undefined : clean(entry.textPair))]
        : [],
    );
    const predictions = (await predictTexts(classifier, texts, decide))[Symbol.iterator]();
    for (const { entry, index: row } of entries) {
      if ("text" in entry) {
        const next = predictions.next();
        if (next.done === true) break;
        if (!terminal.out.write(predictionLine(next.value, { ...entry, index: row }, format)))
          await once(terminal.out, "drain");
      } else {
        leftOut++;
        if (json) terminal.out.write(`${JSON.stringify({ index: row, leftOut: entry.problem })}\n`);
        else notice(flagsInMessage(`Left out: ${entry.problem}.`, { command: "predict", groups: [INPUT] }));
      }
    }
    index += batch.length;
    const bad = batch[cut];
    if (bad !== undefined && "problem" in bad)
      throw new TsloraError(
        "bad-input",
        `${bad.problem}. Correct it, or pass onBadEntry: "report" to leave such rows out.`,
      );
  }
  if (leftOut > 0) notice(`${leftOut} of ${index} rows were left out.`);
}

function checkOptions(
  args: readonly string[],
  {
    file,
    threshold,
    abstain,
    topK,
    multiLabel,
    inputFormat,
    textColumn,
    textPair,
    idColumn,
    delimiter,
    quotes,
  }: Values,
): void {
  const problems = new Problems("tslora predict");
  problems.expect(args.length === 0 || file === undefined, "texts must be given as arguments or by --file; got both");
  problems.expect(
    threshold === undefined || (threshold >= 0 && threshold <= 1),
    `--threshold must be a number from 0 to 1; got ${threshold}`,
  );
  problems.expect(
    abstain === undefined || (abstain > 0 && abstain < 1),
    `--abstain must be a number above 0 and below 1, such as 0.05; got ${abstain}`,
  );
  problems.expect(
    abstain === undefined || (threshold === undefined && topK === undefined && multiLabel !== true),
    "--abstain decides by itself; leave out --threshold, --top-k and --multi-label",
  );
  const format = args.length > 0 ? undefined : formatOf(file, inputFormat);
  problems.expect(
    inputFormat === undefined || args.length === 0,
    "--input-format is for --file and standard input; texts are given as arguments",
  );
  problems.expect(
    [textColumn, textPair, idColumn].every((column) => column === undefined) ||
      (format !== undefined && format !== "lines"),
    "--text-column, --text-pair and --id-column are for tables: CSV, TSV, JSONL and JSON, by the file's ending or --input-format",
  );
  const csv = format === "csv" || format === "tsv";
  problems.expect(delimiter === undefined || csv, "--delimiter is for CSV");
  problems.expect(quotes === undefined || csv, "--no-quotes is for CSV");
  problems.expect(
    delimiter === undefined || isDelimiter(delimiter),
    `--delimiter must be a character that is neither a quote nor a line end; got ${JSON.stringify(delimiter)}`,
  );
  problems.throwIfAny();
}

function checkClassifier(classifier: SequenceClassifier, { threshold, topK }: Values): void {
  const { labels, problemType } = classifier;
  const problems = new Problems("tslora predict");
  problems.expect(
    threshold === undefined || labels.length === 2 || problemType === "multi_label_classification",
    `--threshold is for two labels, or for several labels a text; the classifier has ${labels.length}`,
  );
  problems.expect(
    topK === undefined || topK <= labels.length,
    `--top-k must be at most ${labels.length}, the number of labels; got ${topK}`,
  );
  problems.throwIfAny();
}

function formatOf(file: string | undefined, given: Values["inputFormat"]): NonNullable<Values["inputFormat"]> {
  if (given !== undefined) return given;
  const ending = file === undefined ? "" : extname(file).toLowerCase();
  return (
    ({ ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json" } as const)[ending] ??
    "lines"
  );
}

async function openInput(
  standard: CommandCall["terminal"]["input"],
  options: Values,
): Promise<{ stream: Readable; format: Parameters<typeof readTextBatches>[1]; hint?: string }> {
  const { file, textColumn, textPair, idColumn, delimiter, quotes } = options;
  const format = {
    kind: formatOf(file, options.inputFormat),
    name: file ?? "standard input",
    textColumn,
    textPair,
    idColumn,
    delimiter,
    quote: quotes,
  };
  if (file !== undefined) {
    try {
      const handle = await open(file);
      if (!(await handle.stat()).isDirectory()) return { stream: handle.createReadStream(), format };
      await handle.close();
    } catch (error) {
      throw new TsloraError(
        "not-found",
        `--file: ${file} cannot be read (${error instanceof Error ? error.message : String(error)}).`,
        { cause: error },
      );
    }
    throw new TsloraError("bad-input", `--file must be a file; ${file} is a folder.`);
  }
  if (standard === undefined)
    throw new TsloraError("bad-option", "tslora predict: give texts as arguments, with --file or on standard input.");
  const stream = standard();
  return {
    stream: stream as Readable,
    format,
    ...(stream.isTTY === true ? { hint: "Type texts, one per line; Ctrl-D ends." } : {}),
  };
}

async function* oneBatch(texts: readonly string[]): AsyncGenerator<ReadText[], void, void> {
  yield texts.map((text) => ({ text }));
}
