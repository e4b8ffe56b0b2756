/**
 * Run by set-up, in the compiled package: writes the validators beside this file, where {@link checkNotebook} looks for
 * them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { validatorsSource } from "./compile-validators";

writeFileSync(join(__dirname, "validators.js"), validatorsSource());
