const LENGTH = 80; // characters of a value that a message shows
const LISTED = 5; // names that a message lists

/**
 * A value as a message shows it: its JSON, short whatever its size or depth. Values of untrusted files belong into a
 * message only in this form.
 */
export function shownValue(value: unknown, length = LENGTH): string {
  if (typeof value === "string")
    return value.length <= length
      ? JSON.stringify(value)
      : `${JSON.stringify(cutAt(value, length))}… (${value.length.toLocaleString("en-US")} characters)`;
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? `${value}` : String(value);
  const text = briefly(value, 3);
  return text.length <= length ? text : `${cutAt(text, length)}…`;
}

/** The first few of many names, quoted, and how many more there are. */
export function shownNames(names: readonly string[], listed = LISTED): string {
  const shown = names.slice(0, listed).map((name) => shownValue(name));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more.toLocaleString("en-US")} more` : shown.join(", ");
}

/** A text of bounded length: its beginning and end, and how much was left out between them. */
export function shownText(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  const tail = text.slice(text.length - half).replace(/^[\udc00-\udfff]/, "");
  return `${cutAt(text, half)} … (${(text.length - 2 * half).toLocaleString("en-US")} characters left out) … ${tail}`;
}

/** JSON with what is long or deep left out. */
function briefly(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.length <= LENGTH ? value : `${cutAt(value, LENGTH)}…`);
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 0) return Array.isArray(value) ? "[…]" : "{…}";
  if (Array.isArray(value))
    return `[${value
      .slice(0, 10)
      .map((item) => briefly(item, depth - 1))
      .join(", ")}${value.length > 10 ? ", …" : ""}]`;
  const entries = Object.entries(value).slice(0, 10);
  const more = Object.keys(value).length > entries.length ? ", …" : "";
  return `{${entries.map(([key, item]) => `${briefly(key, 0)}: ${briefly(item, depth - 1)}`).join(", ")}${more}}`;
}

/** The first characters, without half a surrogate pair at the end. */
function cutAt(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
