// @ts-check

/** An error that stops the set-up, with an explanation for the user. Print its message without a stack. */
export class SetUpError extends Error {
  /** @param {string} message  what was expected, what was found, and what to do */
  constructor(message) {
    super(message);
    this.name = "SetUpError";
  }
}

/**
 * The error to show if set-up's folder cannot be read or written. An error that the system did not raise is returned as
 * it is.
 *
 * @param {string} folder
 * @param {unknown} error
 */
export function folderError(folder, error) {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new SetUpError(
    `Set-up must be able to write into ${folder}; got ${error.message}. Change the folder's permissions, or the mount.`,
  );
}
