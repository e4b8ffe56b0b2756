import { GENERAL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

export const predictCommand: LibraryCommand = { name: "predict", description: "predict", groups: [{ title: "General", options: GENERAL_OPTIONS }], examples: [], run: async () => 0 };
