import { RE2JS, RE2JSException } from "re2js";

/** Most characters of a pattern. */
const LONGEST = 1000;

/** The error for a pattern that cannot be used. Its message begins with the pattern. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/**
 * Compiles a pattern for texts that a comparison ignores, and returns a function that removes them from a text. A
 * pattern has the syntax of RE2 or JavaScript, without look-around and back-references; `^` and `$` match at line ends.
 * RE2 matches every pattern in linear time.
 *
 * @throws PatternError for a pattern that is broken, too long, or not RE2's
 */
export function ignorePattern(pattern: string): (text: string) => string {
  if (pattern.length > LONGEST)
    throw new PatternError(`The pattern must have at most ${LONGEST} characters; got ${pattern.length}.`);
  const compiled = compile(pattern);
  return (text) => compiled.matcher(text).replaceAll("");
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern), RE2JS.MULTILINE);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const wanted = "must be a regular expression of RE2, without look-around and back-references";
    throw new PatternError(`${JSON.stringify(pattern)} ${wanted}; got ${faultOf(error)}.`);
  }
}

/** The fault in RE2's words, such as "missing closing ): `(a`". */
function faultOf(error: Error): string {
  return error.message.replace(/^error parsing regexp: /, "").slice(0, 120);
}
