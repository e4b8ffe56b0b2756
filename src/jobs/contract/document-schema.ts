import { JOB_TYPES } from "./job-document";
import { JOB_NAME } from "./job-name";

/** Schema of a SHA-256 in hexadecimal. */
const SHA256 = { type: "string", pattern: "^[0-9a-f]{64}$" } as const;

/** JSON schema (draft 2020-12) of a job's document, without the settings of its type. */
export const DOCUMENT_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "A job of tslora",
  type: "object",
  additionalProperties: false,
  required: ["format", "type", "name", "settings", "seed", "inputs"],
  properties: {
    format: { const: 1 },
    type: { enum: [...JOB_TYPES] },
    name: { type: "string", pattern: JOB_NAME },
    settings: { type: "object" },
    seed: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    inputs: {
      type: "array",
      maxItems: 10_000,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["path", "sha256"],
        properties: {
          path: { type: "string", minLength: 1, maxLength: 4096 },
          start: { type: "integer", minimum: 0 },
          end: { type: "integer", minimum: 0 },
          sha256: SHA256,
        },
      },
    },
  },
} as const;

/** JSON schema (draft 2020-12) of a manifest. */
export const MANIFEST_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "The manifest of a job of tslora",
  type: "object",
  additionalProperties: false,
  required: ["format", "job", "document", "code", "files", "summary", "sha256"],
  properties: {
    format: { const: 1 },
    job: { type: "string", pattern: JOB_NAME },
    document: SHA256,
    code: { type: "string" },
    files: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["path", "bytes", "sha256"],
        properties: { path: { type: "string" }, bytes: { type: "integer", minimum: 0 }, sha256: SHA256 },
      },
    },
    summary: { type: "object" },
    sha256: SHA256,
  },
} as const;
