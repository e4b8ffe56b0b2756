import { join } from "node:path";
import { createGenerator } from "ts-json-schema-generator";

import { projectRoot } from "../../src/base/project-root";

/** The JSON schema of `study.json`, made of the type `StudyFacts` and its descriptions. */
export function schemaSource(): string {
  const root = projectRoot();
  const schema = createGenerator({
    path: join(root, "src", "report", "facts", "study-facts.ts"),
    tsconfig: join(root, "tsconfig.json"),
    type: "StudyFacts",
    skipTypeCheck: true,
    topRef: true,
    additionalProperties: false,
    markdownDescription: false,
  }).createSchema("StudyFacts");
  const whole = { $id: "study.schema.json", title: "The facts of a report of tslora", ...schema };
  return `${JSON.stringify(whole, undefined, 2).replace(/\{@link ([^}]+)\}/g, "$1")}\n`;
}
