/**
 * Set-up runs this file in the compiled package: it writes the validators into this folder, where {@link checkNotebook}
 * looks for them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { validatorsSource } from "./compile-validators";

writeFileSync(join(__dirname, "validators.js"), validatorsSource());
