import { TsloraError } from "../../base/tslora-error";
import { stringEnd } from "../format/parse-json";
import { FloatValue, floatValue, TupleValue } from "./parameter-value";

/** Limit of nesting in lists and maps. */
const DEEPEST = 200;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const NO_NUMBER = /([+-]?)(?:(nan|NaN)|inf(?:inity)?|Inf(?:inity)?)(?!\w)/y;
const WORD = /[A-Za-z]+/y;
const EMPTY_SET = /set\(\s*\)/y;
const SINGLE_QUOTED = /'(?:[^'\\\n]|\\['"\\nrt])*'/y;
const BLANK = /[ \t\r\n]*/y;

/**
 * The syntax of a text:
 *
 * - `json` is JSON.
 * - `typescript` is JSON with `undefined`, NaN and Infinity.
 * - `python` is JSON with None, True, False, nan and inf, with tuples, sets, texts in single quotes, keys of any type,
 *   and a comma after the last item.
 */
export type ValueSyntax = "json" | "typescript" | "python";

/** Options of reading a text. */
export interface ExactJsonOptions {
  /** The text's name in messages. */
  readonly path: string;
  /** @default "json" */
  readonly syntax?: ValueSyntax;
}

const JSON_WORDS = [
  ["null", null],
  ["true", true],
  ["false", false],
] as const;
const PYTHON_WORDS = [
  ["None", null],
  ["True", true],
  ["False", false],
] as const;

const WORDS: Readonly<Record<ValueSyntax, ReadonlyMap<string, unknown>>> = {
  json: new Map(JSON_WORDS),
  typescript: new Map<string, unknown>([...JSON_WORDS, ["undefined", undefined]]),
  python: new Map<string, unknown>([...JSON_WORDS, ...PYTHON_WORDS]),
};

/**
 * Reads JSON without loss: an int becomes a bigint, a number with a point or an exponent a {@link FloatValue}, an
 * object a Map in the order of its keys, a tuple a {@link TupleValue}, a set a Set.
 *
 * @throws TsloraError `bad-input` with line and column for broken JSON, a repeated key, or nesting above 200 levels.
 */
export function parseExactJson(text: string, options: ExactJsonOptions): unknown {
  return new ValueReader(text, options).whole();
}

class ValueReader {
  readonly #text: string;
  readonly #path: string;
  readonly #syntax: ValueSyntax;
  #at: number;

  constructor(text: string, { path, syntax = "json" }: ExactJsonOptions) {
    this.#text = text;
    this.#path = path;
    this.#syntax = syntax;
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#take(BLANK);
    return this.#at === this.#text.length ? value : this.#fail();
  }

  #value(depth: number): unknown {
    if (depth > DEEPEST) return this.#fail(`it is nested deeper than ${DEEPEST} levels`);
    if (this.#mark("[")) return this.#items("]", depth).items;
    if (this.#mark("{")) return this.#braces(depth);
    if (this.#syntax === "python" && this.#mark("(")) return this.#tuple(depth);
    const text = this.#string();
    if (text !== undefined) return text;
    const number = this.#number();
    if (number !== undefined) return number;
    if (this.#syntax === "python" && this.#take(EMPTY_SET) !== null) return new Set();
    const start = this.#at;
    const word = this.#take(WORD)?.[0] ?? "";
    if (WORDS[this.#syntax].has(word)) return WORDS[this.#syntax].get(word);
    this.#at = start;
    return this.#fail();
  }

  #number(): bigint | FloatValue | undefined {
    const special = this.#syntax === "json" ? null : this.#take(NO_NUMBER);
    if (special !== null) {
      const [, sign, nan] = special as unknown as [string, string, string | undefined];
      return new FloatValue(nan !== undefined ? NaN : sign === "-" ? -Infinity : Infinity);
    }
    const number = this.#take(NUMBER);
    if (number === null) return undefined;
    const [whole, fraction, exponent] = number as unknown as [string, string | undefined, string | undefined];
    return fraction === undefined && exponent === undefined && whole !== "-0" ? BigInt(whole) : floatValue(whole);
  }

  #string(): string | undefined {
    const end = this.#text[this.#at] === '"' ? stringEnd(this.#text, this.#at) : undefined;
    if (end !== undefined) {
      const read = JSON.parse(this.#text.slice(this.#at, end)) as string;
      this.#at = end;
      return read;
    }
    const single = this.#syntax === "python" ? this.#take(SINGLE_QUOTED) : null;
    if (single === null) return undefined;
    return single[0].slice(1, -1).replace(/\\(.)/g, (_, char: string) => ESCAPED[char] ?? char);
  }

  /** The items up to a closing bracket. */
  #items(close: string, depth: number, first: readonly unknown[] = []): { items: unknown[]; endsInComma: boolean } {
    const items = [...first];
    if (items.length === 0 && this.#mark(close)) return { items, endsInComma: false };
    while (items.length === 0 || this.#mark(",")) {
      if (this.#syntax === "python" && items.length > 0 && this.#mark(close)) return { items, endsInComma: true };
      items.push(this.#value(depth + 1));
    }
    return this.#mark(close) ? { items, endsInComma: false } : this.#fail();
  }

  #tuple(depth: number): TupleValue {
    const { items, endsInComma } = this.#items(")", depth);
    return items.length === 1 && !endsInComma ? this.#fail() : new TupleValue(items);
  }

  /** A map, or a set if it has no colon. */
  #braces(depth: number): Map<unknown, unknown> | Set<unknown> {
    const entries = new Map<unknown, unknown>();
    if (this.#mark("}")) return entries;
    do {
      if (this.#syntax === "python" && entries.size > 0 && this.#mark("}")) return entries;
      this.#take(BLANK);
      const start = this.#at;
      const key = this.#syntax === "python" ? this.#value(depth + 1) : (this.#string() ?? this.#fail());
      if (entries.has(key)) {
        this.#at = start;
        this.#fail(`the key ${JSON.stringify(String(key)).slice(0, 60)} is there twice`);
      }
      if (!this.#mark(":")) {
        if (this.#syntax !== "python" || entries.size > 0) this.#fail();
        return new Set(this.#items("}", depth, [key]).items);
      }
      entries.set(key, this.#value(depth + 1));
    } while (this.#mark(","));
    return this.#mark("}") ? entries : this.#fail();
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #mark(char: string): boolean {
    this.#take(BLANK);
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  /** @param why - the fault. @default the text at the place of the fault */
  #fail(why = this.#found()): never {
    const before = this.#text.slice(0, this.#at).split("\n");
    const [line, column] = [before.length, (before.at(-1) ?? "").length + 1];
    const message = `${this.#path} is not valid JSON: line ${line}, column ${column} (${why}). Repair it there.`;
    throw new TsloraError("bad-input", message, { details: { path: this.#path, line, column } });
  }

  #found(): string {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    return rest === "" ? "the text ends there" : `found ${JSON.stringify(rest)}`;
  }
}

/** Characters of Python's escapes in a text. */
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
