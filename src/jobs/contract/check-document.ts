import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020";

import { canonicalJson } from "../../base/canonical-json";
import { parseUntrustedJson } from "../../base/files/parse-json-file";
import { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { DOCUMENT_SCHEMA, MANIFEST_SCHEMA } from "./document-schema";
import type { JobDocument } from "./job-document";
import type { JobManifest } from "./job-manifest";
import { staysInside } from "./job-name";
import type { JobType } from "./job-type";

/** The most characters of a document; a real one has some thousand. */
export const LONGEST_DOCUMENT = 1 << 20;

let compiled: { readonly document: ValidateFunction; readonly manifest: ValidateFunction } | undefined;

function validators(): NonNullable<typeof compiled> {
  return (compiled ??= {
    document: new Ajv2020({ allErrors: true }).compile(DOCUMENT_SCHEMA),
    manifest: new Ajv2020({ allErrors: true }).compile(MANIFEST_SCHEMA),
  });
}

/**
 * Checks a job's document, all but the settings of its type: the schema; relative inputs that stay in the store; ranges
 * in order.
 *
 * @throws TsloraError `bad-input` that lists all problems
 */
export function checkDocument(value: unknown): JobDocument {
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : undefined;
  const problems = new Problems(
    typeof name === "string" ? `The job ${shownValue(name)}` : "The job's document must be an object with a name",
  );
  const validate = validators().document;
  if (!validate(value)) addErrors(validate.errors ?? [], problems, "");
  problems.throwIfAny("bad-input");
  const document = value as JobDocument;
  problems.expect(canonicalJson(document).length <= LONGEST_DOCUMENT, `it must be shorter than ${LONGEST_DOCUMENT}`);
  for (const { path, start = 0, end = Infinity } of document.inputs) {
    problems.expect(
      isAbsolutePath(path) ? !path.split("/").includes("..") && !path.includes("\0") : staysInside(path),
      `an input's path must stay in the store, or be absolute without ".."; got ${shownValue(path)}`,
    );
    problems.expect(start <= end, `an input's range must end after its start; got ${start} to ${end}`);
  }
  problems.throwIfAny("bad-input");
  return document;
}

/** Parses and checks a document's text, see {@link checkDocument}. */
export function parseDocument(text: string): JobDocument {
  if (text.length > LONGEST_DOCUMENT)
    throw new TsloraError("bad-input", `A job's document must be shorter than ${LONGEST_DOCUMENT} characters.`);
  return checkDocument(parseUntrustedJson(text, "The job's document"));
}

/**
 * Checks a document's settings by the schema of its type.
 *
 * @throws TsloraError `bad-input` that lists all problems
 */
export function checkSettings(document: JobDocument, type: JobType): void {
  const problems = new Problems(`The job ${shownValue(document.name)}`);
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(type.settingsSchema);
  if (!validate(document.settings)) addErrors(validate.errors ?? [], problems, "settings");
  problems.throwIfAny("bad-input");
}

/** Why a value is not a manifest; undefined if it is one. Its hash is not checked. */
export function faultOfManifest(value: unknown): string | undefined {
  const validate = validators().manifest;
  if (!validate(value))
    return validators()
      .manifest.errors?.map((error) => sentenceOf(error, ""))
      .join(", ");
  const outside = (value as JobManifest).files.find(({ path }) => !staysInside(path));
  return outside === undefined ? undefined : `its file ${shownValue(outside.path)} is outside the result`;
}

/** Whether a path is absolute on the machines that tslora runs on. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/");
}

function addErrors(errors: readonly ErrorObject[], problems: Problems, where: string): void {
  for (const error of errors) problems.expect(false, sentenceOf(error, where));
}

function sentenceOf({ instancePath, message = "is not valid", params }: ErrorObject, where: string): string {
  const place = `${where}${instancePath}`.replace(/^\//, "").replaceAll("/", ".");
  const given = params as { readonly additionalProperty?: unknown; readonly allowedValues?: unknown };
  const more = given.additionalProperty ?? given.allowedValues;
  return `${place === "" ? "it" : place} ${message}${more === undefined ? "" : ` (${shownValue(more, 200)})`}`;
}
