import { GENERAL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

export const trainCommand: LibraryCommand = { name: "train", description: "train", groups: [{ title: "General", options: GENERAL_OPTIONS }], examples: [], run: async () => 0 };
