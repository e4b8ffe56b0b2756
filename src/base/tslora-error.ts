import { inspect } from "node:util";

import { shownText } from "./shown-value";

/** Kind of error; programs branch on it, people read the message. */
export type TsloraErrorCode =
  | "bad-option" // an option's value is out of range or of the wrong type
  | "bad-input" // data or a file does not hold what it should
  | "not-found" // a file, folder, model or record is not there
  | "unreachable" // a host that does not answer
  | "unsupported" // valid, but not supported by tslora
  | "device" // TensorFlow, its library or a GPU is not what was requested
  | "kernel" // a Jupyter kernel failed to start, answer or finish
  | "not-saved" // a result could not be written
  | "in-use" // another process writes there
  | "aborted"; // stopped by the user

/** The most characters of a message. Texts of untrusted files are cut earlier, when they are put into a message. */
const LONGEST = 10_000;

/**
 * The only error class of tslora. The message says what was expected, what was found, where, and what to do; `details`
 * holds the same facts for programs.
 */
export class TsloraError extends Error {
  readonly code: TsloraErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: TsloraErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(shownText(message, LONGEST), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TsloraError";
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Text that Node prints: the stack and the message of its cause, without the details. */
  [inspect.custom](): string {
    const stack = this.stack ?? `${this.name}: ${this.message}`;
    return this.cause instanceof Error
      ? `${stack}\n  caused by ${this.cause.name}: ${this.cause.message.split("\n", 1)[0]}`
      : stack;
  }
}
