// @ts-check

/** An error that stops the set-up, with an explanation for the user. Print its message without a stack. */
export class SetUpError extends Error {
  /** @param {string} message  what was expected, what was found, and what to do */
  constructor(message) {
    super(message);
    this.name = "SetUpError";
  }
}
