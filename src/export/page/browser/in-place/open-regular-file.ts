/** Stands for base/files/open-regular-file: whether reading failed since there is no such file. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof MissingFileError;
}

/** The error for a file that was not fetched. */
export class MissingFileError extends Error {}
