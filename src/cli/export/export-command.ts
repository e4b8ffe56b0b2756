import { EXPORT_OPTIONS } from "../options/export-options";
import { DATA_OPTIONS, GENERAL_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const exportCommand: LibraryCommand = {
  name: "export",
  description: "Write a classifier as ONNX, for onnxruntime and transformers.js",
  groups: [
    { title: "Model", options: MODEL_OPTIONS },
    { title: "Result", options: EXPORT_OPTIONS },
    { title: "Data for the accuracies", options: DATA_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "export --adapter output/adapter --format onnx -o output/onnx",
      does: "an adapter, merged into its base",
    },
    {
      command: "export --model ./my-bert -o output/onnx --quantize int8 --data test.csv",
      does: "also with 8-bit weights, and what they cost in accuracy",
    },
  ],
  notes:
    "The folder has the layout of transformers.js. Inputs of the model: input_ids, attention_mask and, for types that have them, token_type_ids; its output: logits.",
  run: async (call) => (await import("./run-export.js")).runExport(call),
};
