import type { Problems } from "../../base/problems";

/** Adds a problem unless NumPy accepts the seed. Returns the seed. */
export function readSeed(problems: Problems, randomState: number | undefined): number {
  problems.expect(
    typeof randomState === "number" && Number.isInteger(randomState) && randomState >= 0 && randomState < 2 ** 32,
    `randomState must be a whole number from 0 to 4294967295; got ${String(randomState)}`,
  );
  return randomState ?? 0;
}

/** Adds a problem unless classes are all finite numbers or all names: NumPy would convert a mixture to names. */
export function expectOneKind(problems: Problems, name: string, classes: readonly (number | string)[]): void {
  const bad = classes.findIndex(
    (value: unknown) => typeof value !== typeof classes[0] || (typeof value !== "string" && !Number.isFinite(value)),
  );
  problems.expect(
    bad < 0,
    `${name} must hold only numbers or only names; got ${bad < 0 ? "" : `${typeof classes[bad]} ${JSON.stringify(classes[bad]) ?? "undefined"} at index ${bad}`}`,
  );
}
