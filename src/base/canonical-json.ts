import { sha256Of } from "./sha256-of";

/** JSON with the keys of every object in order; an entry that is undefined is left out, as if it were absent. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The SHA-256 of a value in {@link canonicalJson}, in hexadecimal. */
export function canonicalSha256(value: unknown): string {
  return sha256Of(canonicalJson(value));
}
