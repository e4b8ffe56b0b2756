import type { Random } from "../../src/base/random";

/** A JSON text after a change, and the change in words. */
export interface JsonChange {
  readonly text: string;
  readonly change: string;
  /** The keys and indices that lead to the value that was changed. */
  readonly path: readonly (string | number)[];
  /** Whether a key now occurs twice in one object. */
  readonly duplicateKey: boolean;
}

/** A place in a JSON value that holds another value. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
  readonly path: readonly (string | number)[];
}

const DEEP = 20_000;

/** Values that readers of JSON are known to stumble on. */
const HOSTILE: readonly unknown[] = [
  null, true, false, 0, -0, -1, 1, 2, 3, 0.5, -0.5, 1e-320, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e5, 1e7, 1e9,
  "", " ", "0", "1", "NaN", "null", "true", "\u0000", "\ud800", "\u001b[31m", "__proto__", "constructor", "../../secret", "/dev/zero", "a".repeat(100_000),
  "(((a+)+)+)!", "(?i)x", "(", "*", [], [[]], {}, [null], [0], ["a", "a"], { a: { b: 1 } },
]; // prettier-ignore

/** Changes one place of a JSON value by its structure, and writes it as text. */
export function mutateJson(value: unknown, random: Random): JsonChange {
  const copy = structuredClone({ root: value });
  const places = placesOf(copy, []).slice(1);
  if (places.length === 0) return { text: "", change: "emptied", path: [], duplicateKey: false };
  const { holder, key, path } = places[random.below(places.length)];
  const where = `$${path.slice(1).map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("")}`; // prettier-ignore
  const before: unknown = (holder as Record<string | number, unknown>)[key];
  const put = (next: unknown, change: string): JsonChange => {
    (holder as Record<string | number, unknown>)[key] = next;
    return { text: JSON.stringify(copy.root), change: `${where} ${change}`, path: path.slice(1), duplicateKey: false };
  };
  const hostile = HOSTILE[random.below(HOSTILE.length)];
  switch (random.below(10)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      return { text: JSON.stringify(copy.root), change: `${where} removed`, path: path.slice(1), duplicateKey: false };
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, before);
      else holder[`${key} `] = before;
      return { text: JSON.stringify(copy.root), change: `${where} doubled`, path: path.slice(1), duplicateKey: false };
    case 2: {
      if (typeof before === "number")
        return put(
          [before + 1, before - 1, before * 2, -before, before + 0.5, before / 2, before * 1e6][random.below(7)],
          "changed a little",
        );
      if (typeof before === "string")
        return put(random.below(2) === 0 ? before.slice(0, -1) : `${before}x`, "changed by a letter");
      return put(hostile, `= ${shown(hostile)}`);
    }
    case 3: {
      const other = places[random.below(places.length)];
      const taken: unknown = (other.holder as Record<string | number, unknown>)[other.key];
      return put(structuredClone(taken), `= the value of ${other.path.slice(1).join(".")}`);
    }
    case 4: {
      const deep = `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`;
      const { text } = put("\u0001deep\u0001", "");
      return {
        text: text.replace('"\\u0001deep\\u0001"', deep),
        change: `${where} = ${DEEP} arrays in each other`,
        path: path.slice(1),
        duplicateKey: false,
      };
    }
    case 5: {
      if (Array.isArray(holder)) return put(hostile, `= ${shown(hostile)}`);
      const { text } = put("\u0001twice\u0001", "");
      const twice = `${JSON.stringify(hostile)},${JSON.stringify(key)}:${JSON.stringify(before)}`;
      return {
        text: text.replace('"\\u0001twice\\u0001"', () => twice),
        change: `${where} occurs twice, once as ${shown(hostile)}`,
        path: path.slice(1),
        duplicateKey: true,
      };
    }
    case 6: {
      if (typeof before !== "object" || before === null || Array.isArray(before))
        return put(hostile, `= ${shown(hostile)}`);
      const name = ["__proto__", "constructor", "toString", "", "\u0000"][random.below(5)];
      Object.defineProperty(before, name, { value: hostile, enumerable: true, configurable: true, writable: true });
      return put(before, `gets the key ${JSON.stringify(name)}`);
    }
    default:
      return put(hostile, `= ${shown(hostile)}`);
  }
}

/** Every place, the outermost first. */
function placesOf(holder: Record<string, unknown> | unknown[], path: readonly (string | number)[]): Place[] {
  const keys = Array.isArray(holder) ? holder.map((_, index) => index) : Object.keys(holder);
  return keys.flatMap((key) => {
    const here = { holder, key, path: [...path, key] };
    const value = (holder as Record<string | number, unknown>)[key];
    return typeof value === "object" && value !== null
      ? [here, ...placesOf(value as Record<string, unknown> | unknown[], here.path)]
      : [here];
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}
