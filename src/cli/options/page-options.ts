import { choice, path, text, toggle } from "./option-kinds";

/** Options of `tslora page`. */
export const PAGE_OPTIONS = {
  output: { kind: path("folder"), short: "o", help: "the folder to write: static files for any file server" },
  title: { kind: text("text"), help: "the page's title", default: "Text classifier" },
  weights: {
    kind: choice(["int8", "float32"], "type"),
    help: "int8: a quarter of the download, in WebAssembly; float32: the exact weights, with WebGPU where the browser has it",
    default: "int8",
  },
  overwriteOutputDir: {
    kind: toggle(),
    help: "allow a folder that holds files; files of the same name are overwritten",
  },
} as const;
