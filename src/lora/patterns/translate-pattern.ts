import { shownValue } from "../../base/shown-value";

/** The error for a pattern that cannot be used. Its message has no subject: it follows the pattern in a sentence. */
export class PatternFault extends Error {}

/** A pattern of Python's `re`, translated to RE2's syntax. */
export interface TranslatedPattern {
  readonly re2: string;
  /** Look-aheads at the start of the pattern, each matched separately. */
  readonly ahead: readonly { readonly re2: string; readonly negative: boolean }[];
  /** Estimated number of states of its automaton. */
  readonly size: number;
}

const LONGEST = 10_000; // characters
const LARGEST = 10_000; // states, with repetitions expanded
const DEEPEST = 100; // groups
const MOST_TIMES = 1000; // RE2's own limit for repetitions

/**
 * Translates a pattern of Python 3.12's `re` to RE2's syntax, which can be matched in linear time. Both patterns match
 * the same texts, as long as these have no line breaks, as names of modules.
 *
 * @throws PatternFault if Python refuses the pattern too, or for a construct without a linear-time equivalent; the
 *   message names it.
 */
export function translatePattern(source: string): TranslatedPattern {
  expectShort(source);
  const { re2, size, ahead } = new Translator(source).whole();
  if (size > LARGEST)
    throw new PatternFault(
      `is too large: with its repetitions expanded it must take at most ${LARGEST} steps; it takes ${size}`,
    );
  return { re2, size, ahead };
}

/** @throws PatternFault if a pattern has too many characters. */
export function expectShort(source: string): void {
  if (source.length > LONGEST)
    throw new PatternFault(`must have at most ${LONGEST} characters; it has ${source.length}`);
}

type Flags = Readonly<Record<"i" | "s" | "x", boolean>>;

/** The item before a repetition. */
interface Item {
  readonly re2: string;
  readonly size: number;
  readonly kind: "atom" | "assertion" | "repeat";
}

/** A recursive descent parser of patterns, modelled on CPython's `re._parser`. */
class Translator {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  readonly #names = new Set<string>();
  readonly #ahead: { re2: string; negative: boolean }[] = [];
  #globals = "";
  #alternatives = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): TranslatedPattern {
    const { re2, size } = this.#alternation({ i: false, s: false, x: false });
    if (this.#at < this.#source.length) throw notPython("unbalanced parenthesis");
    if (this.#ahead.length > 0 && this.#alternatives > 1) throw beyond("a look-ahead in one of several alternatives");
    const prefix = this.#globals === "" ? "" : `(?${this.#globals})`;
    return { re2: `${prefix}${re2}`, size, ahead: this.#ahead.map((one) => ({ ...one, re2: `${prefix}${one.re2}` })) };
  }

  /** Alternatives up to a closing parenthesis or the end. */
  #alternation(given: Flags): { re2: string; size: number } {
    if (++this.#depth > DEEPEST) throw new PatternFault(`nests groups deeper than ${DEEPEST} levels`);
    const parts: string[] = [];
    let size = 0;
    let flags = given;
    do {
      const sequence = this.#sequence(flags, parts.length === 0);
      flags = sequence.flags; // global flags also apply to the alternatives after them
      parts.push(sequence.re2);
      size += sequence.size + 1;
    } while (this.#take("|"));
    if (this.#depth === 1) this.#alternatives = parts.length;
    this.#depth--;
    return { re2: parts.join("|"), size };
  }

  #sequence(given: Flags, first: boolean): { re2: string; size: number; flags: Flags } {
    const items: Item[] = [];
    let flags = given;
    for (let char = this.#peek(); char !== "" && char !== "|" && char !== ")"; char = this.#peek()) {
      if (flags.x && this.#skipVerbose(char)) continue;
      if (char === "(") {
        const start =
          this.#depth === 1 && first && items.every(({ kind, re2 }) => kind === "assertion" && re2 === "\\A");
        const group = this.#group(flags, { start, empty: start && items.length === 0 });
        if (group.flags !== undefined) flags = group.flags;
        if (group.item !== undefined) items.push(group.item);
        continue;
      }
      const repeat = this.#repetition();
      if (repeat !== undefined) items.push(this.#repeated(items.pop(), repeat));
      else items.push(this.#atom());
    }
    return { re2: items.map(({ re2 }) => re2).join(""), size: items.reduce((sum, item) => sum + item.size, 0), flags };
  }

  /** One character, escape, class or anchor. */
  #atom(): Item {
    const char = this.#next();
    if (char === ".") return atom(".");
    if (char === "^") return assertion("\\A");
    if (char === "$") return assertion("\\z");
    if (char === "[") return atom(this.#set());
    return char === "\\" ? this.#escape() : atom(quoted(char));
  }

  #escape(): Item {
    const char = this.#next();
    if (char === "") throw notPython("bad escape (end of pattern)");
    if (char === "A") return assertion("\\A");
    if (char === "Z") return assertion("\\z"); // \z: only since Python 3.14
    if (char === "b" || char === "B") return assertion(`\\${char}`);
    if (CLASSES[char] !== undefined) return atom(CLASSES[char]);
    if (/[1-9]/.test(char) && !/^[0-3][0-7]{2}/.test(this.#source.slice(this.#at - 1)))
      throw beyond(`a backreference, \\${char}`);
    return atom(quoted(this.#escaped(char)));
  }

  /** The character of an escape, in a class or outside. */
  #escaped(char: string): string {
    const simple: Readonly<Record<string, string>> = { a: "\u0007", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
    if (Object.hasOwn(simple, char)) return simple[char];
    const digits = { x: 2, u: 4, U: 8 }[char];
    if (digits !== undefined) {
      const hex = this.#source.slice(this.#at, this.#at + digits);
      if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex) || parseInt(hex, 16) > 0x10ffff)
        throw notPython(`incomplete escape \\${char}${hex}`);
      this.#at += digits;
      return String.fromCodePoint(parseInt(hex, 16));
    }
    if (char === "N") throw beyond("a character by its name, \\N");
    if (/[0-7]/.test(char)) {
      const octal = /^[0-7]{1,3}/.exec(this.#source.slice(this.#at - 1))?.[0] ?? char;
      if (parseInt(octal, 8) > 0o377) throw notPython(`octal escape value \\${octal} outside of range 0-0o377`);
      this.#at += octal.length - 1;
      return String.fromCharCode(parseInt(octal, 8));
    }
    if (/[0-9A-Za-z]/.test(char)) throw notPython(`bad escape \\${char}`);
    return char;
  }

  /** A character class, after its opening bracket. */
  #set(): string {
    const negated = this.#take("^");
    const members: string[] = [];
    for (let first = true; ; first = false) {
      const char = this.#next();
      if (char === "") throw notPython("unterminated character set");
      if (char === "]" && !first) break;
      const low = char === "\\" ? this.#member() : { char };
      if (!(this.#peek() === "-" && this.#source[this.#at + 1] !== "]" && this.#source[this.#at + 1] !== undefined)) {
        members.push(low.class ?? quoted(low.char ?? ""));
        continue;
      }
      this.#at++;
      const next = this.#next();
      const high = next === "\\" ? this.#member() : { char: next };
      if (
        low.char === undefined ||
        high.char === undefined ||
        (low.char.codePointAt(0) ?? 0) > (high.char.codePointAt(0) ?? 0)
      )
        throw notPython("bad character range");
      members.push(`${quoted(low.char)}-${quoted(high.char)}`);
    }
    return `[${negated ? "^" : ""}${members.join("")}]`;
  }

  #member(): { char?: string; class?: string } {
    const char = this.#next();
    if (char === "s") return { class: "\\t\\n\\r\\f\\v " };
    if (CLASSES[char] !== undefined) return { class: `\\${char}` };
    if (char === "b") return { char: "\b" };
    if (char === "" || /[89]/.test(char)) throw notPython(`bad escape \\${char}`);
    return { char: this.#escaped(char) };
  }

  /** A group, a comment or flags. `start`: at most anchors precede it. `empty`: nothing precedes it. */
  #group(flags: Flags, { start, empty }: { start: boolean; empty: boolean }): { item?: Item; flags?: Flags } {
    this.#at++;
    if (!this.#take("?")) return { item: this.#rest("(", flags) };
    const rest = this.#source.slice(this.#at, this.#at + 200);
    if (this.#take("P")) return { item: this.#named(flags) };
    if (this.#take(":")) return { item: this.#rest("(?:", flags) };
    if (this.#take("#")) {
      const end = this.#source.indexOf(")", this.#at);
      if (end < 0) throw notPython("missing ), unterminated comment");
      this.#at = end + 1;
      return {};
    }
    if (/^<[=!]/.test(rest)) throw beyond(`a look-behind, (?${rest.slice(0, 2)}…)`);
    if (/^[=!]/.test(rest)) {
      if (!start) throw beyond(`a look-ahead, (?${rest[0]}…), that is not at the start`);
      this.#at++;
      const inner = this.#rest("(?:", flags);
      this.#ahead.push({ re2: inner.re2, negative: rest.startsWith("!") });
      return { item: { re2: "\\A", size: inner.size, kind: "assertion" } };
    }
    if (rest.startsWith(">")) throw beyond("an atomic group, (?>…)");
    if (rest.startsWith("(")) throw beyond("a conditional, (?(…)…)");
    if (rest.startsWith("<")) throw notPython("unknown extension ?<; Python writes (?P<name>…)");
    return this.#flagged(flags, empty);
  }

  #named(flags: Flags): Item {
    if (this.#take("=")) throw beyond("a backreference, (?P=…)");
    const name = /^<([A-Za-z_]\w{0,99})>/.exec(this.#source.slice(this.#at, this.#at + 102))?.[1];
    if (name === undefined) throw notPython("bad group name");
    if (this.#names.size === this.#names.add(name).size)
      throw notPython(`redefinition of group name ${shownValue(name, 20)}`);
    this.#at += name.length + 2;
    return this.#rest(`(?P<${name}>`, flags);
  }

  /** Flags for the whole pattern, `(?i)`, or for a group, `(?i:…)`. */
  #flagged(flags: Flags, empty: boolean): { item?: Item; flags?: Flags } {
    const [all, on, off, end] =
      /^([aiLmsux]*)(?:-([a-zA-Z]*))?([:)])/.exec(this.#source.slice(this.#at, this.#at + 20)) ?? [];
    if (all === undefined) throw notPython(`unknown extension ?${this.#peek()}`);
    if (on.includes("L") || (on.includes("a") && on.includes("u"))) throw notPython("bad inline flags");
    if (
      off !== undefined &&
      (off === "" || !/^[imsx]+$/.test(off) || end === ")" || [...off].some((flag) => on.includes(flag)))
    )
      throw notPython("bad inline flags");
    this.#at += all.length;
    const set = (flag: "i" | "s" | "x"): boolean => (flags[flag] || on.includes(flag)) && off?.includes(flag) !== true;
    const next = { i: set("i"), s: set("s"), x: set("x") };
    if (end === ":") return { item: this.#rest(`(?${this.#change(flags, next)}:`, next) };
    if (!empty) throw notPython("global flags not at the start of the expression");
    for (const flag of ["i", "s"] as const) if (next[flag] && !this.#globals.includes(flag)) this.#globals += flag;
    return { flags: next };
  }

  /** RE2's flags of a group. `m` and `x` do not apply here, and `a` and `u` make no difference in names. */
  #change(from: Flags, to: Flags): string {
    const names = ["i", "s"] as const;
    const [on, off] = [
      names.filter((flag) => to[flag] && !from[flag]),
      names.filter((flag) => !to[flag] && from[flag]),
    ];
    return `${on.join("")}${off.length > 0 ? `-${off.join("")}` : ""}`;
  }

  /** Translates the content of a group, after its opening. */
  #rest(open: string, flags: Flags): Item {
    const { re2, size } = this.#alternation(flags);
    if (!this.#take(")")) throw notPython("missing ), unterminated subpattern");
    return { re2: `${open}${re2})`, size: size + 1, kind: "atom" };
  }

  /** Reads a quantifier of the previous item, if there is one. */
  #repetition(): { least: number; most: number } | undefined {
    const char = this.#peek();
    const marks: Readonly<Record<string, { least: number; most: number }>> = {
      "*": { least: 0, most: Infinity },
      "+": { least: 1, most: Infinity },
      "?": { least: 0, most: 1 },
    };
    if (Object.hasOwn(marks, char)) {
      this.#at++;
      return marks[char];
    }
    const [all, least, comma, most] =
      (char === "{" ? /^\{(\d{0,9})(,?)(\d{0,9})\}/.exec(this.#source.slice(this.#at, this.#at + 24)) : null) ?? [];
    if (all === undefined || all === "{}") return undefined; // a literal brace
    this.#at += all.length;
    const range = { least: Number(least), most: comma === "" ? Number(least) : most === "" ? Infinity : Number(most) };
    if (range.least > range.most) throw notPython("min repeat greater than max repeat");
    if (range.least > MOST_TIMES || (range.most > MOST_TIMES && range.most !== Infinity))
      throw beyond(`a repetition, ${all}, of more than ${MOST_TIMES} times`);
    return range;
  }

  #repeated(item: Item | undefined, { least, most }: { least: number; most: number }): Item {
    if (item === undefined || item.kind === "assertion") throw notPython("nothing to repeat");
    if (item.kind === "repeat") throw notPython("multiple repeat");
    const lazy = this.#take("?") ? "?" : "";
    if (lazy === "" && this.#take("+")) throw beyond("a possessive repetition, such as *+");
    const times = most === Infinity ? `{${least},}` : `{${least},${most}}`;
    return {
      re2: `${item.re2}${times}${lazy}`,
      size: item.size * Math.max(1, most === Infinity ? least + 1 : most) + 1,
      kind: "repeat",
    };
  }

  /** Skips a blank or a comment of a verbose pattern. */
  #skipVerbose(char: string): boolean {
    if (char === "#") {
      const end = this.#source.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#source.length : end + 1;
      return true;
    }
    if (!" \t\n\r\f\v".includes(char)) return false;
    this.#at++;
    return true;
  }

  #peek(): string {
    return this.#source.slice(this.#at, this.#at + 1);
  }

  /** The next whole character; "" at the end. */
  #next(): string {
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) return "";
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }
}

const CLASSES: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  d: "\\d",
  D: "\\D",
  w: "\\w",
  W: "\\W",
  s: "[\\t\\n\\r\\f\\v ]",
  S: "[^\\t\\n\\r\\f\\v ]",
};

function atom(re2: string): Item {
  return { re2, size: 1, kind: "atom" };
}

function assertion(re2: string): Item {
  return { re2, size: 1, kind: "assertion" };
}

/** A literal character in RE2's syntax. */
function quoted(char: string): string {
  return /^[0-9A-Za-z_]$/.test(char) ? char : `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

function notPython(why: string): PatternFault {
  return new PatternFault(`is not a regular expression of Python's: ${why}`);
}

function beyond(construct: string): PatternFault {
  return new PatternFault(
    `contains ${construct}, which tslora does not support, since it matches in linear time; rewrite it, or list the modules' names`,
  );
}
