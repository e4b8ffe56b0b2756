/** The variables of all cells by name. */
export type Variables = Record<string, unknown>;

/** Functions and objects that compiled cells use, in `globalThis.__tslab__`. */
export interface CellRuntime {
  /** The variables of all cells. */
  variables?: Variables;
  /** Declares an import, whose value its module may change. */
  live?: (name: string, get: () => unknown) => void;
  /** Checks the argument of a direct call of `eval`. */
  evaluated?: (code: unknown, ...inner: readonly string[]) => unknown;
  /** Runs a cell with top-level `await`. */
  drive?: (cell: AsyncGenerator<unknown>) => Promise<unknown>;
  /** Runs the next step of that cell. */
  step?: () => unknown;
  /** Waits for a promise or an interrupt. */
  guard?: (value: unknown) => unknown;
  /** Waits in the same way for each value of a `for await`. */
  guardEach?: (values: unknown) => unknown;
}

/** The object that compiled cells use; tslab creates it with its executor. */
export function cellRuntime(): CellRuntime {
  return (globalThis as { __tslab__?: CellRuntime }).__tslab__ ?? {};
}
