import { TsloraError } from "../../base/tslora-error";
import { stringEnd } from "../format/parse-json";
import { floatValue, FloatValue } from "./parameter-value";

/** How deep lists and maps may be nested. */
const DEEPEST = 200;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;
const BLANK = /[ \t\r\n]*/y;

/** How JSON is read. */
export interface ExactJsonOptions {
  /** The text's name in messages. */
  readonly path: string;
  /** Whether Python's None, True, False, NaN and Infinity are read too. @default false */
  readonly python?: boolean;
}

/**
 * Reads JSON without losing anything: an int is a bigint, a number with a point or an exponent a
 * {@link FloatValue}, an object a Map in the order of its keys.
 *
 * @throws TsloraError `bad-input` with line and column for broken JSON, a repeated key, or nesting above 200 levels.
 */
export function parseExactJson(text: string, { path, python = false }: ExactJsonOptions): unknown {
  const words = new Map<string, unknown>([
    ["null", null],
    ["true", true],
    ["false", false],
  ]);
  if (python)
    for (const [word, value] of [
      ["None", null],
      ["True", true],
      ["False", false],
    ] as const)
      words.set(word, value);
  if (python) for (const word of ["NaN", "Infinity"]) words.set(word, new FloatValue(Number(word)));
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;

  const fail = (why: string): never => {
    const before = text.slice(0, at).split("\n");
    const [line, column] = [before.length, (before.at(-1) ?? "").length + 1];
    const message = `${path} is not valid JSON: line ${line}, column ${column} (${why}). Repair it there.`;
    throw new TsloraError("bad-input", message, { details: { path, line, column } });
  };
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const found = (): string =>
    at >= text.length ? "the text ends there" : `found ${JSON.stringify(text.slice(at, at + 12))}`;
  const mark = (char: string): boolean => {
    take(BLANK);
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const string = (): string | undefined => {
    const end = text[at] === '"' ? stringEnd(text, at) : undefined;
    if (end === undefined) return undefined;
    const read = JSON.parse(text.slice(at, end)) as string;
    at = end;
    return read;
  };

  const value = (depth: number): unknown => {
    if (depth > DEEPEST) return fail(`it is nested deeper than ${DEEPEST} levels`);
    if (mark("[")) return list(depth);
    if (mark("{")) return map(depth);
    if (text[at] === '"') return string() ?? fail(found());
    const number = take(NUMBER);
    if (number !== null) {
      const [whole, fraction, exponent] = number as unknown as [string, string | undefined, string | undefined];
      return fraction === undefined && exponent === undefined && whole !== "-0" ? BigInt(whole) : floatValue(whole);
    }
    const start = at;
    const word = take(WORD)?.[0] ?? "";
    if (words.has(word)) return words.get(word);
    at = start;
    return fail(found());
  };
  const list = (depth: number): unknown[] => {
    const items: unknown[] = [];
    if (mark("]")) return items;
    do items.push(value(depth + 1));
    while (mark(","));
    return mark("]") ? items : fail(found());
  };
  const map = (depth: number): Map<string, unknown> => {
    const entries = new Map<string, unknown>();
    if (mark("}")) return entries;
    do {
      take(BLANK);
      const start = at;
      const key = string() ?? fail(found());
      if (entries.has(key)) {
        at = start;
        fail(`the key ${JSON.stringify(key).slice(0, 60)} is there twice`);
      }
      if (!mark(":")) fail(found());
      entries.set(key, value(depth + 1));
    } while (mark(","));
    return mark("}") ? entries : fail(found());
  };

  const read = value(0);
  take(BLANK);
  return at === text.length ? read : fail(found());
}
