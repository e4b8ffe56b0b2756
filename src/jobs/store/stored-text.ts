import { isRecord } from "../../base/json";
import { TsloraError } from "../../base/tslora-error";
import { parseDocument } from "../contract/check-document";
import type { JobDocument } from "../contract/job-document";
import type { JobFailure } from "./job-store";

/**
 * Reads the document that a store has under a name.
 *
 * @throws TsloraError `bad-input` if it is not a document, or has another name
 */
export function parseDocumentOf(name: string, text: string): JobDocument {
  const document = parseDocument(text);
  if (document.name === name) return document;
  throw new TsloraError("bad-input", `The document of the job ${name} must have this name; got ${document.name}.`);
}

/** The error for a document whose name another one has. */
export function otherJob(name: string, place: string): TsloraError {
  return new TsloraError(
    "in-use",
    `The store ${place} has another job ${name}: its settings or inputs differ. Choose another store, or repeat the earlier run.`,
    { details: { job: name } },
  );
}

/** Reads a failure; undefined if there is none. */
export function parseFailure(text: string | undefined): JobFailure | undefined {
  const value = parseJson(text ?? "");
  if (!isRecord(value) || typeof value.error !== "string" || typeof value.attempts !== "number") return undefined;
  return { attempts: value.attempts, error: value.error };
}

/** Reads JSON; undefined if it is not valid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
