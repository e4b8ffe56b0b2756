import type { ValidateFunction } from "ajv";
import { Ajv } from "ajv";
import standaloneCode from "ajv/dist/standalone";

import { cellSchema, notebookSchema } from "./notebook-schema";

/** Validators of a cell, and of a notebook without its cells. */
export interface Validators {
  readonly cell: ValidateFunction;
  readonly notebook: ValidateFunction;
}

/** Compiles the schemas of nbformat 4.5, which takes some fifty milliseconds; see {@link validatorsSource}. */
export function compileValidators(): Validators {
  const ajv = newAjv();
  return { cell: ajv.compile(cellSchema), notebook: ajv.compile(notebookSchema) };
}

/** The same validators as the source of a CommonJS module that exports them; set-up writes it next to this file. */
export function validatorsSource(): string {
  const ajv = newAjv().addSchema(cellSchema, "cell").addSchema(notebookSchema, "notebook");
  return standaloneCode(ajv, { cell: "cell", notebook: "notebook" });
}

function newAjv(): Ajv {
  // the schemas are ours: validating them would take longer than validating a notebook
  return new Ajv({
    allErrors: true,
    discriminator: true,
    strict: false,
    meta: false,
    validateSchema: false,
    inlineRefs: false,
    code: { source: true },
  });
}
