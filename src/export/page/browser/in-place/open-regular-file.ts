/** Replaces base/files/open-regular-file: whether an error reports a file that was not fetched. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof MissingFileError;
}

/** The error for a file that was not fetched. */
export class MissingFileError extends Error {}
