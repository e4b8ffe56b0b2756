import { path } from "./option-kinds";

/** Options of `tslora report`. */
export const REPORT_OPTIONS = {
  outputDir: {
    kind: path("folder"),
    short: "o",
    help: "the folder for study.html, study.json and study.schema.json",
    default: "the folder of the results",
  },
} as const;
