import type { JsonValue } from "../../base/json";

/** One file of a job's result. */
export interface ResultFile {
  /** Relative to the job's result folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The proof that a job is done. It is written last. A job is done if and only if its manifest exists, its own hash
 * holds, and it names this document and this code.
 */
export interface JobManifest {
  readonly format: 1;
  readonly job: string;
  /** SHA-256 of the document in canonical JSON: settings, seed and the hashes of the inputs. */
  readonly document: string;
  /** Version and hash of the code. */
  readonly code: string;
  readonly files: readonly ResultFile[];
  /** Small results that a caller wants without opening a file, such as a metric or counts of texts. */
  readonly summary: { readonly [key: string]: JsonValue };
  /** SHA-256 of all of the above in canonical JSON. */
  readonly sha256: string;
}
