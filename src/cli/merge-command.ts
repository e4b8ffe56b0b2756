import { GENERAL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

export const mergeCommand: LibraryCommand = { name: "merge", description: "merge", groups: [{ title: "General", options: GENERAL_OPTIONS }], examples: [], run: async () => 0 };
