import { expandHome } from "../../base/files/expand-home";

/** Result of checking a value. `path` names the wrong part, such as `[1]` or `.query`. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly path: string; readonly expected: string; readonly got: unknown };

/** The type of an option's value: parses a text of the command line, and checks a value of a configuration file. */
export interface OptionKind<T> {
  /** Placeholder of the value in the help; a switch has none. */
  readonly metavar?: string;
  /** Whether the flag may be given several times; the values are collected. */
  readonly repeats: boolean;
  fromText(text: string): Checked<T>;
  fromValue(value: unknown): Checked<T>;
}

const fits = <T>(value: T): Checked<T> => ({ ok: true, value });
const wrong = (expected: string, got: unknown, path = ""): Checked<never> => ({ ok: false, path, expected, got });

/** A non-empty text: a name, a path. */
export function text(metavar: string, expected = "a text"): OptionKind<string> {
  const fromValue = (value: unknown): Checked<string> =>
    typeof value === "string" && value !== "" ? fits(value) : wrong(expected, value);
  return { metavar, repeats: false, fromText: fromValue, fromValue };
}

/** The path of a file or folder; a leading `~` is the home folder. */
export function path(metavar: string): OptionKind<string> {
  return mapped(text(metavar, "a path"), expandHome);
}

/** A number. The library checks its range. */
export function number(metavar = "number", expected = "a number"): OptionKind<number> {
  const fromValue = (value: unknown): Checked<number> =>
    typeof value === "number" && Number.isFinite(value) ? fits(value) : wrong(expected, value);
  return {
    metavar,
    repeats: false,
    fromValue,
    fromText: (given) => (isNumeric(given) ? fromValue(Number(given)) : wrong(expected, given)),
  };
}

/** A whole number, with an optional minimum. */
export function integer(least?: number): OptionKind<number> {
  const expected = least === undefined ? "a whole number" : `a whole number of at least ${least}`;
  const fromValue = (value: unknown): Checked<number> =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= (least ?? -Infinity)
      ? fits(value)
      : wrong(expected, value);
  return {
    metavar: "n",
    repeats: false,
    fromValue,
    fromText: (given) => (isNumeric(given) ? fromValue(Number(given)) : wrong(expected, given)),
  };
}

/** A switch: `--name` and `--no-name`, true and false in a file. */
export function toggle(): OptionKind<boolean> {
  const fromValue = (value: unknown): Checked<boolean> =>
    typeof value === "boolean" ? fits(value) : wrong("true or false", value);
  return { repeats: false, fromValue, fromText: (given) => wrong("no value", given) };
}

/** One of several words. */
export function choice<const T extends string>(words: readonly T[], metavar = words.join("|")): OptionKind<T> {
  const fromValue = (value: unknown): Checked<T> => {
    const found = words.find((word) => word === value);
    return found === undefined
      ? wrong(`${words.length > 1 ? "one of " : ""}${words.map((word) => JSON.stringify(word)).join(", ")}`, value)
      : fits(found);
  };
  return { metavar, repeats: false, fromText: fromValue, fromValue };
}

/** A list: on the command line separated by commas, or a JSON list; in a file a list. */
export function list<T>(of: OptionKind<T>, metavar: string): OptionKind<readonly T[]> {
  const fromValue = (value: unknown): Checked<readonly T[]> =>
    Array.isArray(value) && value.length > 0
      ? gather(value as unknown[], (item) => of.fromValue(item))
      : wrong("a list of at least one", value);
  return {
    metavar,
    repeats: true,
    fromValue,
    fromText: (given) => {
      const json = parseIf(given, "[");
      return json === undefined
        ? gather(
            given.split(",").map((part) => part.trim()),
            (part) => of.fromText(part),
          )
        : fromValue(json);
    },
  };
}

/** Numbers by name: on the command line `name=8,other=4` or a JSON object; in a file a mapping. */
export function numbersByName(metavar: string): OptionKind<Readonly<Record<string, number>>> {
  return byName(number(), { metavar, expected: "numbers by name", part: "name=number" });
}

/** Numbers and truth values by name: `name=8,other=true` or a JSON object; in a file a mapping. */
export function valuesByName(metavar: string): OptionKind<Readonly<Record<string, number | boolean>>> {
  const value = either(truth(), number(), "a number, true or false");
  return byName(value, { metavar, expected: "numbers, true or false by name", part: "name=value" });
}

function byName<T>(
  of: OptionKind<T>,
  { metavar, expected, part: form }: { metavar: string; expected: string; part: string },
): OptionKind<Readonly<Record<string, T>>> {
  const fromValue = (value: unknown): Checked<Readonly<Record<string, T>>> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(expected, value);
    const entries: [string, T][] = [];
    for (const [name, entry] of Object.entries(value)) {
      const one = of.fromValue(entry);
      if (!one.ok) return { ...one, path: `[${JSON.stringify(name)}]` };
      entries.push([name, one.value]);
    }
    return fits(Object.fromEntries(entries));
  };
  return {
    metavar,
    repeats: false,
    fromValue,
    fromText: (given) => {
      const json = parseIf(given, "{");
      if (json !== undefined) return fromValue(json);
      const entries: [string, T][] = [];
      for (const part of given.split(",")) {
        const at = part.lastIndexOf("=");
        const value = of.fromText(part.slice(at + 1));
        if (at < 1 || !value.ok) return wrong(`${form}, several separated by commas, or a JSON object`, given);
        entries.push([part.slice(0, at).trim(), value.value]);
      }
      return fits(Object.fromEntries(entries));
    },
  };
}

/** The first of several kinds that a value fits. */
export function either<A, B>(first: OptionKind<A>, second: OptionKind<B>, expected: string): OptionKind<A | B> {
  const take = (a: Checked<A>, b: () => Checked<B>, got: unknown): Checked<A | B> => {
    if (a.ok) return a;
    const other = b();
    return other.ok || other.path !== "" ? other : wrong(expected, got);
  };
  return {
    metavar: [first.metavar, second.metavar].filter((part) => part !== undefined).join("|"),
    repeats: false,
    fromText: (given) => take(first.fromText(given), () => second.fromText(given), given),
    fromValue: (value) => take(first.fromValue(value), () => second.fromValue(value), value),
  };
}

/** Converts the value of another kind. */
export function mapped<A, B>(kind: OptionKind<A>, turn: (value: A) => B, metavar = kind.metavar): OptionKind<B> {
  const then = (checked: Checked<A>): Checked<B> => (checked.ok ? fits(turn(checked.value)) : checked);
  return {
    ...kind,
    metavar,
    fromText: (given) => then(kind.fromText(given)),
    fromValue: (value) => then(kind.fromValue(value)),
  };
}

/** "true" and "false" as values, for options that take words too. */
export function truth(): OptionKind<boolean> {
  return {
    metavar: "true|false",
    repeats: false,
    fromText: (given) =>
      given === "true" || given === "false" ? fits(given === "true") : wrong("true or false", given),
    fromValue: (value) => (typeof value === "boolean" ? fits(value) : wrong("true or false", value)),
  };
}

function gather<I, T>(items: readonly I[], read: (item: I) => Checked<T>): Checked<readonly T[]> {
  const values: T[] = [];
  for (const [i, item] of items.entries()) {
    const checked = read(item);
    if (!checked.ok) return { ...checked, path: `[${i}]${checked.path}` };
    values.push(checked.value);
  }
  return fits(values);
}

function isNumeric(given: string): boolean {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(given);
}

function parseIf(given: string, opening: "[" | "{"): unknown {
  if (!given.trimStart().startsWith(opening)) return undefined;
  try {
    return JSON.parse(given) as unknown;
  } catch {
    return undefined;
  }
}
