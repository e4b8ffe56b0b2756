import { codeHash } from "../../base/code-hash";
import { packageVersion } from "../../base/package-version";

/** Rooms whose code decides a job's result. */
const ROOMS = [
  "base",
  "classifier",
  "corpus",
  "device",
  "evaluation",
  "hub",
  "jobs/contract",
  "jobs/prediction",
  "jobs/search",
  "lora",
  "model",
  "ops",
  "tokenizer",
  "training",
];

let known: Promise<string> | undefined;

/** Version and hash of the code that decides the results of jobs, such as `0.2.0+1a2b3c4d5e6f7a8b`. */
export function codeVersion(): Promise<string> {
  known ??= codeHash(ROOMS).then((hash) => `${packageVersion()}+${hash.slice(0, 16)}`);
  return known;
}
