import { BULK_DRIVER_OPTIONS, BULK_OPTIONS } from "../options/bulk-options";
import { INPUT_OPTIONS, PREDICT_OPTIONS } from "../options/predict-options";
import { GENERAL_OPTIONS, MODEL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const predictCommand: LibraryCommand = {
  name: "predict",
  description: "Classify texts from arguments, a file or standard input as they arrive",
  arguments: [{ pattern: "[texts...]", help: "texts to classify (default: those of --file, or standard input)" }],
  groups: [
    { title: "Model", options: { ...MODEL_OPTIONS, ...PRECISION_OPTIONS } },
    { title: "Input", options: INPUT_OPTIONS },
    { title: "Prediction", options: PREDICT_OPTIONS },
    { title: "Large files", options: BULK_OPTIONS },
    { title: "Workers for large files", options: BULK_DRIVER_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: 'predict --adapter output/adapter "We studied 40 patients with glioma."', does: "one text" },
    {
      command: "predict --adapter output/adapter --file abstracts.txt",
      does: "one text per line; prints a line with label and probability for each, in order",
    },
    {
      command: "predict --model ./my-bert --file reviews.csv --text-column review --id-column id --json",
      does: "a table; prints one JSON object per line",
    },
    {
      command: "predict --adapter output/adapter --file questions.jsonl --text-column question --text-pair answer",
      does: "pairs of texts, for a classifier that was trained on pairs",
    },
    {
      command: "predict --model ./my-bert --json < abstracts.txt | jq -r .label",
      does: "as a filter: prints each result as soon as its line is read",
    },
    {
      command: "predict --adapter output/adapter --input 'pubmed/*.xml.gz' -o output/pubmed --output-format parquet",
      does: "PubMed's files as published, in shards with checkpoints; the same command continues",
    },
  ],
  notes:
    "Without --json a line holds label and probability, separated by a tab; with --top-k several such pairs. On a terminal the text follows.",
  run: async (call) => (await import("./run-predict.js")).runPredict(call),
};
