import { shownPath } from "../shown-path";
import { TsloraError } from "../tslora-error";

/** System errors in words. The first group is about the given path, the second about the machine. */
const PLACE: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file or folder",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  ENOTEMPTY: "the folder is not empty",
  EEXIST: "it exists already",
  EXDEV: "it is on another file system",
  EINVAL: "the name is not valid",
  ERR_INVALID_ARG_VALUE: "the name is not valid",
};
const MACHINE: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EIO: "the disk reports an error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  ENOMEM: "the system is out of memory",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
};

/** The system's code of an error, such as ENOSPC; undefined for an error that the system did not raise. */
export function faultCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return "syscall" in error || Object.hasOwn(PLACE, error.code) || Object.hasOwn(MACHINE, error.code)
    ? error.code
    : undefined;
}

/** A system error in words, with its code: `no space is left on the disk (ENOSPC)`. */
export function faultText(error: unknown): string {
  const found = faultCode(error);
  // mkdir fails with EEXIST where a file has the folder's name
  const code =
    found === "EEXIST" && error instanceof Error && "syscall" in error && error.syscall === "mkdir" ? "ENOTDIR" : found;
  const words = code === undefined ? undefined : (PLACE[code] ?? MACHINE[code]);
  if (words !== undefined) return `${words} (${code})`;
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

/** Whether a local file or its disk causes the error, and not a connection. */
export function isFaultOfDisk(error: unknown): boolean {
  const code = faultCode(error) ?? "";
  const isOfConnection = error instanceof Error && "syscall" in error && error.syscall === "connect";
  return !isOfConnection && (Object.hasOwn(PLACE, code) || Object.hasOwn(MACHINE, code));
}

/** Whether the given path causes the error, and not the machine. */
export function isFaultOfPlace(error: unknown): boolean {
  return Object.hasOwn(PLACE, faultCode(error) ?? "");
}

/**
 * The error to throw after writing a file failed: for an error of the system, a TsloraError `not-saved` in one line.
 * Any other error is returned as it is, such as a signal's reason, or a mistake in the code that makes the content.
 */
export function notSaved(path: string, error: unknown): unknown {
  const fault = faultCode(error);
  if (fault === undefined) return error;
  const advice = isFaultOfPlace(error) ? " Choose another place." : "";
  const details = { path, fault, place: isFaultOfPlace(error) };
  return new TsloraError("not-saved", `${shownPath(path)} could not be written: ${faultText(error)}.${advice}`, {
    cause: error,
    details,
  });
}
