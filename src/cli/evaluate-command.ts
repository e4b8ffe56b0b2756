import { GENERAL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

export const evaluateCommand: LibraryCommand = { name: "evaluate", description: "evaluate", groups: [{ title: "General", options: GENERAL_OPTIONS }], examples: [], run: async () => 0 };
