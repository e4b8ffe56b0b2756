/** A record without the given keys; the same object if it has none of them. */
export function withoutKeys<T extends object>(record: T, keys: readonly string[]): T {
  if (!keys.some((key) => key in record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key))) as T;
}
