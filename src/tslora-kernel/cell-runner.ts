import { places } from "../base/places";
import type { TslabDiagnostic } from "../notebook/tslab/failures";
import { cellError, compileError, type CellError } from "./cell-error";
import { CompiledCell } from "./compiled-cell";
import { CellVariables } from "./variables/cell-variables";
import type { Interrupts } from "./interrupts/interrupts";
import { mendingConverter, type Conversion } from "./source/mending-converter";
import { resolveImport } from "./source/resolve-import";
import { shortenError } from "./shorten-error";
import type { Tslab, TslabConverter, TslabExecutor } from "./tslab";

/** The outcome of a cell: its result or its error. */
export type CellOutcome =
  | { readonly status: "ok"; /** The last expression's value, or undefined. */ readonly value: unknown }
  | { readonly status: "error"; readonly error: CellError };

/** Runs cells with tslab's own executor, and returns their outcome as values instead of printed text. */
export class CellRunner {
  readonly executor: TslabExecutor;
  readonly #interrupts: Interrupts;
  readonly #cells = new Map<number, CompiledCell>();
  readonly #sources: string[] = [];
  readonly #places = places();
  #number = 0;
  /** The variables of all cells. */
  readonly #variables = new CellVariables();
  #resultVar: string | undefined;
  #thrown: { readonly error: unknown } | undefined;
  #diagnostics: TslabDiagnostic[] = [];
  #unhandled: CellError | undefined;

  constructor(tslab: Tslab, interrupts: Interrupts) {
    this.#interrupts = interrupts;
    const folder = process.cwd();
    const mend = (converter: TslabConverter): TslabConverter =>
      mendingConverter(converter, {
        resolve: (specifier) => resolveImport(specifier, { folder, places: this.#places }),
        number: () => this.#number,
        onConverted: (conversion) => this.#takeCompiled(conversion),
      });
    const node = mend(tslab.createConverter({ isJS: false, isBrowser: false }));
    let browser: TslabConverter | undefined;
    const converters = {
      node,
      get browser() {
        return (browser ??= tslab.createConverter({ isJS: false, isBrowser: true }));
      },
      close() {
        node.close();
        browser?.close();
      },
    };
    this.executor = tslab.createExecutor(folder, converters, {
      log: () => undefined,
      error: (...values) => this.#takeError(values),
    });
    this.#variables.install();
    interrupts.install();
  }

  /** Records a compiled cell that runs next, and declares its variables. */
  #takeCompiled({ lastExpressionVar, ...steps }: Conversion): void {
    this.#resultVar = lastExpressionVar;
    this.#cells.set(this.#number, new CompiledCell(this.#number, { ...steps, earlier: [...this.#sources] }));
    this.#sources.push(steps.mended.after);
    const { declared, mayEvaluate } = steps.code;
    this.#variables.declare(new Map([...declared].filter(([name]) => name !== lastExpressionVar)));
    const hidden = mayEvaluate ? this.#variables.newlyHidden(steps.mended.before) : [];
    if (hidden.length > 0)
      process.stderr.write(
        `Code in eval and Function does not see the cells' variables ${hidden.join(", ")}: globals have these names.\n`,
      );
  }

  /** Runs a cell under an execution count. Never rejects. */
  async run(source: string, number: number): Promise<CellOutcome> {
    this.#number = number;
    this.#resultVar = undefined;
    this.#thrown = undefined;
    this.#diagnostics = [];
    this.#unhandled = undefined;
    this.#interrupts.begin();
    let isDone = false;
    try {
      isDone = await this.executor.execute(source);
    } catch (error) {
      this.#thrown = { error }; // the compiler itself failed
    }
    // Node reports unhandled rejections at the end of a turn
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    const { error } = this.#thrown ?? { error: undefined };
    const after = this.#interrupts.end(
      this.#thrown !== undefined && error === undefined ? new Error("undefined was thrown") : error,
    );
    if (after !== undefined) return { status: "error", error: this.describe(after) };
    if (this.#diagnostics.length > 0) {
      const refused = compileError(this.#diagnostics, { number, source });
      if (!isDone) return { status: "error", error: refused };
      // Tslab runs a cell that is a module despite type errors.
      process.stderr.write(`${refused.traceback.join("\n")}\n`);
    }
    if (this.#unhandled !== undefined) return { status: "error", error: this.#unhandled };
    return isDone
      ? { status: "ok", value: this.#takeResult() }
      : { status: "error", error: this.describe(new Error("tslab did not execute the cell, and gave no reason")) };
  }

  /** The value of the last expression. */
  #takeResult(): unknown {
    return this.#resultVar === undefined ? undefined : this.#variables.take(this.#resultVar);
  }

  /** Converts any thrown value to a Jupyter error, even an object whose properties throw when they are read. */
  describe(error: unknown): CellError {
    try {
      return shortenError(cellError(error, { cell: (number) => this.#cells.get(number), places: this.#places }));
    } catch {
      const evalue = "The cell threw an object that cannot be described.";
      return { ename: "UncaughtValue", evalue, traceback: [`UncaughtValue: ${evalue}`] };
    }
  }

  /** The error passed to {@link failRunning} while the last cell ran. */
  get unhandled(): CellError | undefined {
    return this.#unhandled;
  }

  /** Fails the running cell with an unhandled error. */
  failRunning(error: CellError): void {
    this.#unhandled ??= error;
  }

  /** Records an error of tslab: a diagnostic comes as a format string with its values, an exception as it is. */
  #takeError(values: readonly unknown[]): void {
    const [first, file, line, column, message] = values;
    if (values.length === 5 && first === "%s%d:%d - %s")
      this.#diagnostics.push({
        file: file === "" ? undefined : String(file).trimEnd(),
        line: Number(line),
        column: Number(column),
        message: String(message),
      });
    else this.#thrown = { error: first };
  }
}
