/** The variables of all cells by name. */
export type Variables = Record<string, unknown>;

/** Functions and objects that compiled cells use, under `globalThis.__tslab__`. */
export interface CellRuntime {
  /** The variables of all cells. */
  variables?: Variables;
  /** Declares an import, whose value its module may change. */
  live?: (name: string, get: () => unknown) => void;
  /** Checks the argument of a direct call of `eval`. */
  evaluated?: (code: unknown, ...inner: readonly string[]) => unknown;
  /** Runs a cell that waits. */
  drive?: (cell: AsyncGenerator<unknown>) => Promise<unknown>;
  /** The next step of that cell. */
  step?: () => unknown;
  /** Waits for a promise or an interrupt. */
  guard?: (value: unknown) => unknown;
  /** The same for each value of a `for await`. */
  guardEach?: (values: unknown) => unknown;
}

/** The object that compiled cells use; tslab makes it when its executor is created. */
export function cellRuntime(): CellRuntime {
  return (globalThis as { __tslab__?: CellRuntime }).__tslab__ ?? {};
}
