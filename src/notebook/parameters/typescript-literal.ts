import { FloatValue, Readings } from "./parameter-value";
import { quoted } from "./python-literal";
import { isExact, type LiteralDialect } from "./write-literal";

/** Literals of TypeScript and JavaScript. A value that the type number cannot hold is refused. */
export const TYPESCRIPT_DIALECT: LiteralDialect = {
  words: { none: "null", true: "true", false: "false", undefined: "undefined" },
  string: quoted,
  integer: (value) => (isExact(value) ? value.toString() : undefined),
  bigint: (value) => `${value}n`,
  float: (value) => (value.outOfRange ? undefined : floatText(value)),
  list: (items) => `[${items.join(", ")}]`,
  tuple: (items) => `[${items.join(", ")}]`,
  set: (items) => `new Set([${items.join(", ")}])`,
  hasHashedSets: false,
  // "__proto__" in quotes would set the object's prototype
  map: (entries) =>
    `{${entries.map(([key, value]) => `${key === '"__proto__"' ? `[${key}]` : key}: ${value}`).join(", ")}}`,
  keyText: (key) => {
    if (key instanceof Readings)
      return key.of.find((reading): reading is string => typeof reading === "string") ?? String(key.of[0]);
    return key instanceof FloatValue ? String(key.value) : String(key);
  },
};

function floatText({ value }: FloatValue): string {
  if (Number.isNaN(value)) return "Number.NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Number.POSITIVE_INFINITY" : "Number.NEGATIVE_INFINITY";
  return Object.is(value, -0) ? "-0" : String(value);
}
