/**
 * A pattern of Python's `re`, as peft's files and options hold them, compiled for JavaScript. Module names are plain
 * ASCII, so that what is left of the difference (named groups, `\A`, `\Z`) is a matter of spelling.
 *
 * @throws SyntaxError when it is no pattern.
 */
export function pythonPattern(source: string): RegExp {
  return new RegExp(source.replace(/\(\?P</g, "(?<").replace(/\(\?P=(\w+)\)/g, "\\k<$1>").replace(/\\A/g, "^").replace(/\\Z/g, "$"));
}

/** Why a pattern cannot be used, in a few words; undefined where it can. */
export function patternFault(source: string): string | undefined {
  try {
    pythonPattern(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** `re.fullmatch`. */
export function fullMatch(pattern: string, text: string): boolean {
  return pythonPattern(`^(?:${pattern})$`).test(text);
}

/** Whether a `rank_pattern`'s or `alpha_pattern`'s key names a module: it matches the name's end, from a dot on. */
export function matchesKey(key: string, module: string): boolean {
  return pythonPattern(`^(?:(.*\\.)?(${key})$)`).test(module);
}

/** The value of the first key that names a module; undefined where none does (peft's `get_pattern_key`). */
export function patternValue(patterns: Readonly<Record<string, number>>, module: string): number | undefined {
  const key = Object.keys(patterns).find((candidate) => matchesKey(candidate, module));
  return key === undefined ? undefined : patterns[key];
}
