import { entriesOf, takesKind, type ParameterShape } from "./parameter-shape";
import { FloatValue, Readings, TupleValue } from "./parameter-value";

/** The literals of one language. A function returns undefined for a value that has no exact literal. */
export interface LiteralDialect {
  readonly words: {
    readonly none: string;
    readonly true: string;
    readonly false: string;
    readonly undefined?: string;
  };
  readonly string: (text: string) => string;
  /** An int of any size. */
  readonly integer: (value: bigint) => string | undefined;
  /** An int of the language's separate type for ints of any size, if it has one. */
  readonly bigint?: (value: bigint) => string;
  readonly float: (value: FloatValue) => string | undefined;
  readonly list: (items: readonly string[]) => string;
  readonly tuple: (items: readonly string[]) => string;
  readonly set: (items: readonly string[], options: { readonly isFrozen: boolean }) => string;
  /** Whether a set holds hashable values only: no lists, maps or sets. */
  readonly hasHashedSets: boolean;
  readonly map: (entries: readonly (readonly [key: string, value: string])[]) => string;
  /** Converts a key that is not a string to a string. */
  readonly keyText: (key: unknown) => string;
}

/** Limit of nesting in lists and maps. */
const DEEPEST = 250;

/**
 * Writes a value as a literal of a language, according to the declared type. All parameters are passed to a kernel in
 * this way.
 *
 * @param value - null, a boolean, string, number, bigint, {@link FloatValue}, list, tuple, set, map or object, or
 *   {@link Readings}
 * @param notes - receives the reason if a value of the right kind cannot be written exactly
 * @returns undefined for a value that the type does not allow
 */
export function writeLiteral(
  value: unknown,
  shape: ParameterShape,
  dialect: LiteralDialect,
  notes: string[] = [],
): string | undefined {
  return new LiteralWriter(dialect, notes).write(value, shape, 0);
}

class LiteralWriter {
  readonly #dialect: LiteralDialect;
  readonly #notes: string[];

  constructor(dialect: LiteralDialect, notes: string[]) {
    this.#dialect = dialect;
    this.#notes = notes;
  }

  write(value: unknown, shape: ParameterShape, depth: number): string | undefined {
    if (depth > DEEPEST) return this.#refuse(`it is nested deeper than ${DEEPEST} levels`);
    if (value instanceof Readings) return firstOf(value.of, (reading) => this.write(reading, shape, depth));
    switch (shape.kind) {
      case "any":
        return this.#any(value, depth);
      case "scalar":
        return isCollection(value) ? undefined : this.#any(value, depth);
      case "string":
        return typeof value === "string" ? this.#dialect.string(value) : undefined;
      case "number":
        return this.#number(value, shape.prefersFloat ?? false);
      case "float":
        return this.#float(value, true) ?? (typeof value === "bigint" ? this.#integer(value) : undefined);
      case "integer":
        return this.#integer(wholeOf(value));
      case "bigint": {
        const whole = wholeOf(value);
        return whole === undefined ? undefined : (this.#dialect.bigint ?? this.#dialect.integer)(whole);
      }
      case "boolean":
        return typeof value === "boolean" ? this.#any(value, depth) : undefined;
      case "null":
        return value === null ? this.#any(value, depth) : undefined;
      case "undefined":
        return value === undefined ? this.#any(value, depth) : undefined;
      case "literal":
        return isLiteral(value, shape.value) ? this.#any(value, depth) : undefined;
      case "union": {
        const parts = [...shape.of].sort((a, b) => rank(value, a) - rank(value, b));
        return firstOf(parts, (part) => this.write(value, part, depth));
      }
      case "array":
        return Array.isArray(value) ? this.#list(value, shape.of, depth) : undefined;
      case "tuple":
        return this.#tuple(value, shape, depth);
      case "set":
        return this.#set(value, shape, depth);
      case "record":
        return this.#map(value, { key: shape.key, of: () => shape.of }, depth);
      case "object":
        return this.#object(value, shape.fields, depth);
    }
  }

  #any(value: unknown, depth: number): string | undefined {
    const { words, string } = this.#dialect;
    if (value === null) return words.none;
    if (value === undefined) return words.undefined ?? words.none;
    if (typeof value === "boolean") return value ? words.true : words.false;
    if (typeof value === "string") return string(value);
    if (Array.isArray(value)) return this.#list(value, { kind: "any" }, depth);
    if (value instanceof TupleValue) return this.#tuple(value, { of: [], rest: { kind: "any" } }, depth);
    if (value instanceof Set) return this.#set(value, { of: { kind: "any" } }, depth);
    return this.#number(value, false) ?? this.#map(value, { of: () => ({ kind: "any" }) }, depth);
  }

  #number(value: unknown, prefersFloat: boolean): string | undefined {
    if (typeof value === "bigint") return this.#integer(value);
    if (typeof value === "number" && Number.isInteger(value) && !prefersFloat && !Object.is(value, -0))
      return this.#integer(BigInt(value));
    return this.#float(value, false);
  }

  /** A float. An int is converted only if `takesInts` is set and the conversion is exact. */
  #float(value: unknown, takesInts: boolean): string | undefined {
    if (typeof value === "number") return this.#dialect.float(new FloatValue(value));
    if (typeof value === "bigint") {
      return takesInts && isExact(value) ? this.#dialect.float(new FloatValue(Number(value))) : undefined;
    }
    if (!(value instanceof FloatValue)) return undefined;
    return this.#dialect.float(value) ?? this.#refuse("the number is too large or too small for the type number");
  }

  #integer(value: bigint | undefined): string | undefined {
    if (value === undefined) return undefined;
    const text = this.#dialect.integer(value);
    return (
      text ?? this.#refuse("the type number cannot hold it exactly; declare the parameter as bigint, or as a string")
    );
  }

  #list(items: readonly unknown[], shape: ParameterShape, depth: number): string | undefined {
    const written = items.map((item) => this.write(item, shape, depth + 1));
    return allWritten(written) ? this.#dialect.list(written) : undefined;
  }

  /** Writes a tuple, or a list of the right length, as a tuple. */
  #tuple(value: unknown, { of, rest }: Pick<TupleShape, "of" | "rest">, depth: number): string | undefined {
    const items: unknown = value instanceof TupleValue ? value.items : value;
    if (!Array.isArray(items)) return undefined;
    if (items.length < of.length || (items.length > of.length && rest === undefined))
      return this.#refuse(`the tuple has ${of.length} items; got ${items.length}`);
    const written = items.map((item: unknown, at) => this.write(item, of.at(at) ?? rest ?? { kind: "any" }, depth + 1));
    return allWritten(written) ? this.#dialect.tuple(written) : undefined;
  }

  /** Writes a set, or a list, as a set: JSON and YAML have no sets. */
  #set(value: unknown, { of, isFrozen = false }: Pick<SetShape, "of" | "isFrozen">, depth: number): string | undefined {
    const items = value instanceof Set ? [...(value as Set<unknown>)] : value;
    if (!Array.isArray(items)) return undefined;
    if (this.#dialect.hasHashedSets && items.some((item) => isCollection(item) && !(item instanceof TupleValue)))
      return this.#refuse("a set cannot hold a list, a map or a set");
    const written = items.map((item) => this.write(item, of, depth + 1));
    return allWritten(written) ? this.#dialect.set(written, { isFrozen }) : undefined;
  }

  #object(value: unknown, fields: ObjectShape["fields"], depth: number): string | undefined {
    const entries = entriesOf(value);
    if (entries === undefined) return undefined;
    const keys = entries.map(([key]) => this.#key(key, { kind: "string" }));
    const isComplete = [...fields].every(
      ([name, field]) => field.optional || keys.includes(this.#dialect.string(name)),
    );
    if (!isComplete) return undefined;
    const of = (name: string): ParameterShape | undefined => {
      const field = fields.get(name);
      return field?.optional === true ? { kind: "union", of: [field.shape, { kind: "undefined" }] } : field?.shape;
    };
    return this.#map(value, { of }, depth);
  }

  #map(value: unknown, { key, of }: MapShape, depth: number): string | undefined {
    const written: [key: string, value: string][] = [];
    const seen = new Set<string>();
    for (const [name, item] of entriesOf(value) ?? []) {
      const text = this.#key(name, key ?? { kind: "string" }, key === undefined);
      const shape = of(typeof name === "string" ? name : this.#dialect.keyText(name));
      const literal = text === undefined || shape === undefined ? undefined : this.write(item, shape, depth + 1);
      if (text === undefined || literal === undefined) return undefined;
      if (seen.has(text)) return this.#refuse(`the key ${text.slice(0, 60)} is there twice`);
      seen.add(text);
      written.push([text, literal]);
    }
    return entriesOf(value) === undefined ? undefined : this.#dialect.map(written);
  }

  #key(key: unknown, shape: ParameterShape, anyText = true): string | undefined {
    const { string, keyText } = this.#dialect;
    if (shape.kind === "any" || (shape.kind === "string" && anyText))
      return string(typeof key === "string" ? key : keyText(key));
    if (shape.kind === "string")
      return (
        this.write(key instanceof Readings ? new Readings([...key.of].reverse()) : key, shape, 0) ??
        string(keyText(key))
      );
    // JSON's keys are strings
    const asInt = typeof key === "string" && /^[+-]?\d+$/.test(key) ? [BigInt(key)] : [];
    return this.write(new Readings([...asInt, key]), shape, 0);
  }

  #refuse(note: string): undefined {
    if (!this.#notes.includes(note)) this.#notes.push(note);
    return undefined;
  }
}

type TupleShape = Extract<ParameterShape, { kind: "tuple" }>;
type SetShape = Extract<ParameterShape, { kind: "set" }>;
type ObjectShape = Extract<ParameterShape, { kind: "object" }>;

interface MapShape {
  readonly key?: ParameterShape;
  /** The shape of a key's value; undefined for a key that the type does not have. */
  readonly of: (name: string) => ParameterShape | undefined;
}

/** Whether a double holds an int exactly. */
export function isExact(value: bigint): boolean {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value;
}

/** Whether a value is a container. */
function isCollection(value: unknown): boolean {
  return Array.isArray(value) || value instanceof TupleValue || value instanceof Set || entriesOf(value) !== undefined;
}

function firstOf<T>(items: readonly T[], write: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const written = write(item);
    if (written !== undefined) return written;
  }
  return undefined;
}

function allWritten(texts: readonly (string | undefined)[]): texts is readonly string[] {
  return texts.every((text) => text !== undefined);
}

/** A value as a whole number, if it is certainly one. */
function wholeOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  const number = value instanceof FloatValue ? value.value : value;
  if (typeof number !== "number" || !Number.isInteger(number)) return undefined;
  return typeof value === "number" || Number.isSafeInteger(number) ? BigInt(number) : undefined;
}

function isLiteral(value: unknown, literal: string | number | bigint | boolean | null): boolean {
  if (typeof literal !== "bigint" && typeof literal !== "number") return value === literal;
  if (typeof value === "bigint") return value == literal;
  return (value instanceof FloatValue ? value.value : value) === Number(literal);
}

/** Orders the parts of a union: a type that holds the value as it is comes before types that convert it. */
function rank(value: unknown, shape: ParameterShape): number {
  if (shape.kind === "literal") return 0;
  if (typeof value === "bigint") return { integer: 1, number: 2, bigint: 3, float: 4 }[shape.kind as string] ?? 1;
  if (Array.isArray(value)) return { array: 1, tuple: 2, set: 3 }[shape.kind as string] ?? 1;
  if (value instanceof FloatValue) return takesKind(shape, "float") || takesKind(shape, "number") ? 1 : 2;
  return 1;
}
