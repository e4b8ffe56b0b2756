/** Writes the help of the command line to the file that the first argument names; `npm run write-help` runs it. */
import { writeFileSync } from "node:fs";

import { helpTexts } from "./help-texts";

void helpTexts().then((texts) => writeFileSync(process.argv[2], `${JSON.stringify(texts, undefined, 1)}\n`));
