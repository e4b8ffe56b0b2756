// @ts-check

/**
 * A set-up that cannot continue, explained to the person at the terminal. Whoever catches one prints its message
 * without a stack.
 */
export class SetUpError extends Error {
  /** @param {string} message  what was expected, what came, and what to do */
  constructor(message) {
    super(message);
    this.name = "SetUpError";
  }
}
