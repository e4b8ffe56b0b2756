import { choice, path, toggle } from "./option-kinds";

/** Options of `tslora export`. */
export const EXPORT_OPTIONS = {
  format: { kind: choice(["onnx"]), help: "the format of the exported model", default: "onnx" },
  quantize: {
    kind: choice(["int8", "int8-weights"], "type"),
    help: "also write the model with 8-bit weights, and compare size, speed and, with --data, accuracy; int8-weights: slower, closer to the full model",
    default: "32-bit floats alone",
  },
  output: {
    kind: path("folder"),
    short: "o",
    help: "the folder to write: onnx/model.onnx, config.json, tokenizer",
  },
  overwriteOutputDir: {
    kind: toggle(),
    help: "allow a folder that holds files; files of the same name are overwritten, and earlier ONNX files removed",
  },
} as const;
