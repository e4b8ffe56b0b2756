/** Updates `src/report/study.schema.json` after a type of the facts changed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { schemaSource } from "./schema-source";

writeFileSync(join(projectRoot(), "src", "report", "study.schema.json"), schemaSource());
