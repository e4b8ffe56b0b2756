import type { LibraryCommand } from "../library-command";
import { PAGE_OPTIONS } from "../options/page-options";
import { GENERAL_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";

export const pageCommand: LibraryCommand = {
  name: "page",
  description: "Write a web page that runs a classifier in the browser",
  groups: [
    { title: "Model", options: MODEL_OPTIONS },
    { title: "Result", options: PAGE_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "page --adapter output/adapter -o site", does: "an adapter, merged into its base" },
    { command: 'page --model ./my-bert -o site --title "Reviews" --weights float32', does: "with the exact weights" },
  ],
  notes:
    "The page needs a file server, such as python3 -m http.server in its folder, and no network. It sends no text anywhere. Its threshold shows precision and recall if results.json of the run is in the adapter's folder or the one above.",
  run: async (call) => (await import("./run-page.js")).runPage(call),
};
