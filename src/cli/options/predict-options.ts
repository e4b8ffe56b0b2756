import { DEFAULT_TOKENS_PER_PASS } from "../../classifier/predict-options";
import { choice, integer, number, path, text, toggle } from "./option-kinds";
import { DATA_OPTIONS } from "./shared-options";

/** Sources of texts other than the arguments. */
export const INPUT_OPTIONS = {
  file: {
    kind: path("file"),
    short: "f",
    help: "texts from a file: one a line, or a CSV, TSV, JSONL or JSON table by its ending",
  },
  inputFormat: {
    kind: choice(["lines", "csv", "tsv", "jsonl", "json"], "format"),
    help: "how the file or standard input is written: lines, csv, tsv, jsonl or json",
    default: "by the file's ending; lines",
  },
  textColumn: { ...DATA_OPTIONS.textColumn },
  idColumn: {
    kind: text("name"),
    help: "a table's column that names each text in the results, or none",
    default: "none",
  },
  delimiter: DATA_OPTIONS.delimiter,
  quotes: DATA_OPTIONS.quotes,
  onBadEntry: DATA_OPTIONS.onBadEntry,
} as const;

/** Options of `tslora predict`: output of each text. */
export const PREDICT_OPTIONS = {
  topK: { kind: integer(1), help: "how many of the likeliest labels of each text to print" },
  threshold: {
    kind: number("p"),
    help: "of two labels: the second where its probability is at least this; of several a text: each that is",
    default: "the likeliest label; 0.5 where a text has several",
  },
  multiLabel: { kind: toggle(), help: "a text may have several labels, whatever the model's own problem type" },
  cleanTexts: { kind: toggle(), help: "clean texts as the study does" },
  maxTokensPerPass: {
    kind: integer(1),
    help: "tokens in one pass: bounds the memory",
    default: String(DEFAULT_TOKENS_PER_PASS),
  },
} as const;
