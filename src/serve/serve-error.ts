/** Kinds of errors in answers: those of text-embeddings-inference, and four of tslora's own. */
export type ErrorType =
  | "Unhealthy" // draining, or the model's process is not there
  | "Backend" // the model's process failed, or could not load the adapter again
  | "Overloaded" // the queue is full
  | "Validation" // the input is invalid or exceeds a limit
  | "Tokenizer" // the text cannot be encoded
  | "Empty" // there is no text
  | "Timeout" // no answer in time
  | "NotFound" // no such adapter or route
  | "Forbidden" // the admin token is missing or wrong
  | "Conflict"; // there is an adapter of this name

/** An error that a client gets as `{ error, error_type }`. */
export class ServeError extends Error {
  constructor(
    readonly status: number,
    readonly type: ErrorType,
    message: string,
    /** Further headers of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ServeError";
  }
}
