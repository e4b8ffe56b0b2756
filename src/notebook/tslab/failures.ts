/** A failure as tslab printed it. */
export type TslabFailure =
  | { readonly kind: "diagnostics"; readonly problems: readonly TslabDiagnostic[] }
  | {
      readonly kind: "exception";
      readonly ename: string;
      readonly evalue: string;
      readonly stack: readonly string[];
      /** Whether no code awaited it. */ readonly unhandled: boolean;
    };

/** One diagnostic of tslab's TypeScript compiler; line and column count from 1, in the cell or in `file`. */
export interface TslabDiagnostic {
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const DIAGNOSTIC = /^(?:(\S.{0,1000}) )?(\d{1,9}):(\d{1,9}) - /;
const UNHANDLED = /^(?:UnhandledPromiseRejection|UncaughtException): /;

/**
 * Finds failures in the text that tslab writes to stderr. tslab (1.0.22) sends no Jupyter error, and its reply has
 * neither name nor message. It prints a failure in one write, right before its reply. A text that may be a failure is
 * held back until it is clear whether the cell printed it.
 */
export class TslabFailureFilter {
  #held: string[] = [];
  #lastText = "";
  #unhandled: string | undefined;

  /** Takes one write to stderr; returns the texts that the cell is now known to have printed. */
  accept(text: string): string[] {
    this.#lastText = text;
    if (UNHANDLED.test(text) && this.#unhandled === undefined) {
      this.#unhandled = text;
      return [];
    }
    if (parseDiagnostic(text) !== undefined) {
      const released = this.#held.every((held) => parseDiagnostic(held) !== undefined) ? [] : this.release();
      this.#held.push(text);
      return released;
    }
    const released = this.release();
    if (!/\n {4}at |^evalmachine\.|^\[?[A-Z]\w*Error\b/.test(text)) return [...released, text];
    this.#held = [text];
    return released;
  }

  /** Takes another output; returns the texts held back, which the cell printed, since they were not the last ones. */
  release(): string[] {
    const released = this.#held;
    this.#held = [];
    return released;
  }

  /** Ends the cell; returns its failure, if it failed, and the texts of the cell that were still held back. */
  end(status: unknown): { readonly failure: TslabFailure | undefined; readonly released: string[] } {
    const unhandled =
      this.#unhandled === undefined ? undefined : parseException(this.#unhandled.replace(UNHANDLED, ""), true);
    this.#unhandled = undefined;
    if (status !== "error") return { failure: unhandled, released: this.release() };
    const text = this.#held.length > 0 ? this.release() : [this.#lastText];
    const diagnostics = text.flatMap((line) => parseDiagnostic(line) ?? []);
    if (diagnostics.length > 0) return { failure: { kind: "diagnostics", problems: diagnostics }, released: [] };
    return {
      failure: text[0] === "" && unhandled !== undefined ? unhandled : parseException(text[0], false),
      released: [],
    };
  }
}

/** A diagnostic as tslab prints it, or undefined for another text. */
export function parseDiagnostic(text: string): TslabDiagnostic | undefined {
  const match = text.endsWith("\n") ? DIAGNOSTIC.exec(text) : null;
  if (match === null) return undefined;
  const [start, file, line, column] = match as unknown as [string, string | undefined, string, string];
  return { file, line: Number(line), column: Number(column), message: text.slice(start.length, -1) };
}

/** Name, message and stack of an exception that Node printed. */
function parseException(printed: string, unhandled: boolean): TslabFailure {
  // An uncaught exception of the script is printed after its place and line: "evalmachine.<anonymous>:7\n…\n^\n\n"
  const text = printed.replace(/^[^\n]+:\d+\n[\s\S]*?\n[ \t]*\^+\n\n?/, "").trimEnd();
  const lines = text.split("\n");
  const firstFrame = lines.findIndex((line) => /^ {4}at /.test(line));
  const head = (firstFrame < 0 ? lines : lines.slice(0, firstFrame)).join("\n");
  const stack = firstFrame < 0 ? [] : lines.slice(firstFrame);
  const named = /^\[?(?:Uncaught )?([A-Za-z_$][\w$.]*(?: \[\w+\])?)(?:: ([\s\S]*?))?\]?$/.exec(head);
  if (named !== null && (stack.length > 0 || /(?:Error|Exception)$/.test(named[1]))) {
    return { kind: "exception", ename: named[1].replace(/ \[.*$/, ""), evalue: named[2] ?? "", stack, unhandled };
  }
  return {
    kind: "exception",
    ename: "UncaughtValue",
    evalue: head === "" ? "the cell failed and tslab gave no reason" : head,
    stack,
    unhandled,
  };
}
