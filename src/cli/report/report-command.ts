import { REPORT_OPTIONS } from "../options/report-options";
import { GENERAL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const reportCommand: LibraryCommand = {
  name: "report",
  description: "Write the report of a run from its results.json",
  arguments: [{ pattern: "<results>", help: "results.json of a run, or its folder" }],
  groups: [
    { title: "Report", options: REPORT_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "report output/results.json", does: "output/study.html, and its facts as output/study.json" },
    { command: "report output -o paper/supplement", does: "the same into another folder" },
  ],
  notes:
    "The page needs no other file and no network. It holds no text of the data, only IDs. npm run study writes it by itself; results of older versions and of tslora train (with --baseline and --evaluate-before) give a page that says what they did not record.",
  run: async (call) => (await import("./run-report.js")).runReport(call),
};
