import { DEFAULT_TOKENS_PER_PASS } from "../../classifier/predict-options";
import { choice, integer, number, path, text, toggle } from "./option-kinds";
import { DATA_OPTIONS } from "./shared-options";

/** Sources of texts other than the arguments. */
export const INPUT_OPTIONS = {
  file: {
    kind: path("file"),
    short: "f",
    help: "file of texts: one per line, or a CSV, TSV, JSONL or JSON table, by its extension",
  },
  inputFormat: {
    kind: choice(["lines", "csv", "tsv", "jsonl", "json"], "format"),
    help: "format of the file or standard input: lines, csv, tsv, jsonl or json",
    default: "by the file's extension, else lines",
  },
  textColumn: { ...DATA_OPTIONS.textColumn },
  textPair: { ...DATA_OPTIONS.textPair },
  idColumn: {
    kind: text("name"),
    help: "column of a table that identifies each text in the results, or none",
    default: "none",
  },
  delimiter: DATA_OPTIONS.delimiter,
  quotes: DATA_OPTIONS.quotes,
  onBadEntry: DATA_OPTIONS.onBadEntry,
} as const;

/** Options of `tslora predict`: output of each text. */
export const PREDICT_OPTIONS = {
  topK: { kind: integer(1), help: "number of labels to print for each text, the most probable first" },
  threshold: {
    kind: number("p"),
    help: "for two labels: predict the second if its probability is at least this; with several per text: each such label",
    default: "the most probable label; those above 0.5 if a text may have several",
  },
  abstain: {
    kind: number("alpha"),
    help: "give no label unless it is the only one that cannot be excluded; the true label is excluded for a share alpha of the texts, such as 0.05",
  },
  calibration: {
    kind: toggle(),
    help: "use the calibration.json of tslora calibrate beside the weights",
    off: "give the softmax's probabilities, also where calibration.json is there",
    default: "on",
  },
  multiLabel: { kind: toggle(), help: "a text may have several labels, whatever the model's own problem type" },
  cleanTexts: { kind: toggle(), help: "clean texts as the study does" },
  maxTokensPerPass: {
    kind: integer(1),
    help: "tokens in one forward pass; limits the memory",
    default: String(DEFAULT_TOKENS_PER_PASS),
  },
} as const;
