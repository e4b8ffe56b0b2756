import { choice, integer, number, text, toggle } from "./options/option-kinds";
import { DATA_OPTIONS, GENERAL_OPTIONS, MODEL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

/** Where texts come from, if not from the arguments. */
export const INPUT_OPTIONS = {
  file: { kind: text("file"), short: "f", help: "texts from a file: one a line, or a CSV, TSV or JSONL table by its ending" },
  inputFormat: { kind: choice(["lines", "csv", "tsv", "jsonl"], "format"), help: "how the file or standard input is written: lines, csv, tsv or jsonl", default: "by the file's ending; lines" },
  textColumn: { ...DATA_OPTIONS.textColumn },
  idColumn: { kind: text("name"), help: "a table's column that names each text in the results" },
  delimiter: DATA_OPTIONS.delimiter,
} as const;

export const PREDICT_OPTIONS = {
  topK: { kind: integer(1), help: "the likeliest labels of each text, so many" },
  threshold: { kind: number("p"), help: "of two labels: the second where its probability is at least this; of several a text: each that is", default: "the likeliest label; 0.5 where a text has several" },
  multiLabel: { kind: toggle(), help: "a text may have several labels, whatever the model says of itself" },
  cleanTexts: { kind: toggle(), help: "clean texts as the study does" },
  maxTokensPerPass: { kind: integer(1), help: "tokens in one pass: bounds the memory", default: "4096" },
} as const;

export const predictCommand: LibraryCommand = {
  name: "predict",
  description: "Classify texts from arguments, a file or standard input, as they come",
  arguments: { pattern: "[texts...]", help: "texts to classify (default: those of --file, or standard input)" },
  groups: [
    { title: "Model", options: MODEL_OPTIONS },
    { title: "Input", options: INPUT_OPTIONS },
    { title: "Prediction", options: PREDICT_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: 'predict --adapter output/adapter "We studied 40 patients with glioma."', does: "one text" },
    { command: "predict --adapter output/adapter --file abstracts.txt", does: "one text a line; prints label and probability, a line each, in their order" },
    { command: "predict --model ./my-bert --file reviews.csv --text-column review --id-column id --json", does: "a table; one JSON object a line" },
    { command: "predict --model ./my-bert --json < abstracts.txt | jq -r .label", does: "as a filter: results come out as lines are read" },
  ],
  notes: "Without --json a line is label and probability, parted by a tab; with --top-k several such pairs. On a terminal the text follows.",
  run: async (call) => (await import("./predict/run-predict.js")).runPredict(call),
};
