import { RE2JS, RE2JSException } from "re2js";

import { expectShort, PatternFault, translatePattern } from "./translate-pattern";

/**
 * Use of a pattern in peft: as a target, a key of `rank_pattern`, an entry of `modules_to_save`, or the name before a
 * layer's number.
 */
export type PatternUse = "target" | "key" | "saved" | "layers";

/**
 * The expression that peft matches. Except for targets, peft uses `re.match`, which need not match to the end of the
 * name.
 */
const EXPRESSIONS: Readonly<Record<PatternUse, (pattern: string) => string>> = {
  target: (pattern) => pattern,
  key: (pattern) => `(.*\\.)?(${pattern})$`,
  saved: (pattern) => `(^|.*\\.)${pattern}($|\\..*)`,
  layers: (pattern) => `(?:^|.*?\\.)${pattern}\\.(?P<idx>\\d+)\\.`,
};

interface Compiled {
  readonly main: RE2JS;
  readonly ahead: readonly { readonly pattern: RE2JS; readonly negative: boolean }[];
}

const REMEMBERED = 1000; // expressions: more than all options of one configuration may have
const compiled = new Map<string, Compiled>();

/**
 * Compiles an expression for RE2JS, which matches any pattern in time linear in the name.
 *
 * @throws PatternFault
 */
function compile(pattern: string, use: PatternUse): Compiled {
  const key = `${use} ${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) {
    compiled.delete(key); // the one used last comes last
    compiled.set(key, known);
    return known;
  }
  const { re2, ahead } = translatePattern(EXPRESSIONS[use](pattern));
  const made = {
    main: engineFor(`\\A(?:${re2})${use === "target" ? "\\z" : ""}`),
    ahead: ahead.map((one) => ({ pattern: engineFor(`\\A(?:${one.re2})`), negative: one.negative })),
  };
  for (const oldest of compiled.keys()) {
    if (compiled.size < REMEMBERED) break;
    compiled.delete(oldest);
  }
  compiled.set(key, made);
  return made;
}

function engineFor(re2: string): RE2JS {
  try {
    return RE2JS.compile(re2);
  } catch (error) {
    if (error instanceof RE2JSException)
      throw new PatternFault(`cannot be matched in linear time (${error.message.slice(0, 80)})`);
    throw error;
  }
}

function matches({ main, ahead }: Compiled, name: string): boolean {
  return ahead.every(({ pattern, negative }) => pattern.test(name) !== negative) && main.test(name);
}

/** Why a pattern cannot be used, as text that follows the pattern. Undefined if it can be used. */
export function patternFault(pattern: string, use: PatternUse): string | undefined {
  try {
    if (needsExpression(pattern, use)) compile(pattern, use);
    else expectShort(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternFault) return error.message;
    throw error;
  }
}

/** Whether a pattern is compiled to be matched. Entries of lists that are plain names are compared instead. */
export function needsExpression(pattern: string, use: PatternUse): boolean {
  return use === "target" || !isPlain(pattern);
}

/** The cost of a pattern in steps per character; 0 for plain names and refused patterns. */
export function patternSize(pattern: string, use: PatternUse): number {
  if (isPlain(pattern)) return 0;
  try {
    return translatePattern(EXPRESSIONS[use](pattern)).size;
  } catch (error) {
    if (error instanceof PatternFault) return 0;
    throw error;
  }
}

/** `re.fullmatch`. */
export function fullMatch(pattern: string, name: string): boolean {
  return matches(compile(pattern, "target"), name);
}

/** Whether an entry of `modules_to_save` names a module, or one around it. */
export function matchesSaved(entry: string, name: string): boolean {
  if (needsExpression(entry, "saved")) return matches(compile(entry, "saved"), name);
  return endOf(name, entry, (end) => end === name.length || name[end] === ".") !== undefined;
}

/**
 * Whether a key of `rank_pattern` or `alpha_pattern` names a module: it must match the end of the name, from a dot on.
 */
export function matchesKey(key: string, name: string): boolean {
  if (needsExpression(key, "key")) return matches(compile(key, "key"), name);
  const start = name.length - key.length;
  return (start === 0 || name[start - 1] === ".") && isAt(name, start, key);
}

/** The value of the first key that names a module, or undefined (peft's `get_pattern_key`). */
export function patternValue(patterns: Readonly<Record<string, number>>, name: string): number | undefined {
  const key = Object.keys(patterns).find((candidate) => matchesKey(candidate, name));
  return key === undefined ? undefined : patterns[key];
}

/** The layer's number in a name, after a `layers_pattern`. */
export function layerAfter(pattern: string, name: string): string | undefined {
  if (!needsExpression(pattern, "layers")) {
    const numberAt = (end: number): string | undefined => /^\.(\d+)\./.exec(name.slice(end))?.[1];
    const end = endOf(name, pattern, (at) => numberAt(at) !== undefined);
    return end === undefined ? undefined : numberAt(end);
  }
  const { main } = compile(pattern, "layers");
  const matcher = main.matcher(name);
  return matcher.find() ? (matcher.group("idx") ?? undefined) : undefined;
}

/** Whether a pattern is a plain name. Its dots still match any character. */
function isPlain(pattern: string): boolean {
  return /^[A-Za-z0-9_.]+$/.test(pattern);
}

/** The end of a plain pattern's first match that begins with a part of the name, and whose end `holds` accepts. */
function endOf(name: string, pattern: string, holds: (end: number) => boolean): number | undefined {
  for (let start = 0; start + pattern.length <= name.length;) {
    const end = start + pattern.length;
    if (isAt(name, start, pattern) && holds(end)) return end;
    const dot = name.indexOf(".", start);
    if (dot < 0) return undefined;
    start = dot + 1;
  }
  return undefined;
}

/** Whether a plain pattern matches the characters of a name from `start` on. */
function isAt(name: string, start: number, pattern: string): boolean {
  if (start + pattern.length > name.length) return false;
  for (let i = 0; i < pattern.length; i++) if (pattern[i] !== "." && pattern[i] !== name[start + i]) return false;
  return true;
}
