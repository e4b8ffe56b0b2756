import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Ajv, type AnySchemaObject } from "ajv";

import { projectRoot } from "../../src/base/project-root";
import { studyFacts } from "../../src/report/facts/gather-facts";
import type { ReportSection } from "../../src/report/report-section";
import { exampleResults, oldResults } from "./example-results";
import { schemaSource } from "./schema-source";
import { SECTIONS } from "./example-sections";

const kept = readFileSync(join(projectRoot(), "src", "report", "study.schema.json"), "utf8");
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(kept) as AnySchemaObject);

function faults(facts: unknown): string[] {
  validate(JSON.parse(JSON.stringify(facts)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test("study.schema.json is the schema of the type StudyFacts", () => {
  assert.equal(kept, schemaSource(), "node .tslora/tests/test/report/write-schema.js updates it");
});

test("facts fit the schema, with and without evidence, sections and two labels", () => {
  const sections: readonly ReportSection[] = SECTIONS;
  const otherTexts = [{ name: "elsewhere", evaluation: exampleResults().after }];
  const notebooks = [{ name: "01-study.ipynb", seconds: 12.5 }];
  assert.deepEqual(faults(studyFacts(exampleResults(), { sections, otherTexts, notebooks })), []);
  assert.deepEqual(faults(studyFacts({ ...exampleResults(), about: "sample" })), []);
  assert.deepEqual(faults(studyFacts(oldResults())), []);
  assert.deepEqual(faults(studyFacts(oldResults(["a", "b", "c"]))), []);
});

test("facts with a field that the schema does not have, or without one that it needs, do not fit", () => {
  const facts = studyFacts(exampleResults());
  assert.notDeepEqual(faults({ ...facts, texts: ["a text"] }), []);
  assert.notDeepEqual(faults({ ...facts, checklist: undefined }), []);
  assert.notDeepEqual(faults({ ...facts, kind: "another" }), []);
});
