import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";

const SPECIAL: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Cases that `write-goldens.py` wrote, with NaN and infinities put back. */
export function readGolden<Case>(name: string): Case[] {
  const text = readFileSync(join(projectRoot(), "test", "evaluation", name), "utf8");
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "object" && value !== null && "float" in value ? SPECIAL[String(value.float)] : value,
  ) as Case[];
}

/**
 * Equality up to rounding: by 1e-12 of the greater number, or by the given tolerance. Arrays of any depth, and NaN
 * equals NaN.
 */
export function assertClose(actual: unknown, expected: unknown, message: string, tolerance = 1e-12): void {
  if (Array.isArray(expected) && typeof actual === "object" && actual !== null) {
    const list = Array.from(actual as ArrayLike<unknown>);
    assert.equal(list.length, expected.length, `${message}: length`);
    expected.forEach((value, i) => assertClose(list[i], value, `${message}[${i}]`, tolerance));
    return;
  }
  if (typeof actual !== "number" || typeof expected !== "number") return assert.deepEqual(actual, expected, message);
  const close =
    Object.is(actual, expected) ||
    actual === expected ||
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
  assert.ok(close, `${message}: ${actual} is not ${expected}`);
}
