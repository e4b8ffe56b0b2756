import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";

/** The most characters of a job's name: with an ending it is a file's name on every common file system. */
const LONGEST = 200;

/** A job's name: letters, digits, `-`, `_` and `.`, not beginning with a `.`; it cannot leave a folder. */
export const JOB_NAME = `^[A-Za-z0-9_-][A-Za-z0-9._-]{0,${LONGEST - 1}}$`;

const NAME = new RegExp(JOB_NAME);

/** @throws TsloraError `bad-input` if a text is not a job's name. */
export function expectJobName(name: string): void {
  if (NAME.test(name)) return;
  throw new TsloraError(
    "bad-input",
    `A job's name must have 1 to ${LONGEST} letters, digits, "-", "_" and ".", and not begin with "."; got ${shownValue(name)}.`,
  );
}

/** Whether a path is relative and stays in its folder: no `..`, no root, no backslash, no empty part. */
export function staysInside(path: string): boolean {
  if (path === "" || path.length > 1000 || /[\\\0]/.test(path) || /^[A-Za-z]:/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
