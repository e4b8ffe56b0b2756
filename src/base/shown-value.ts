import { startOf } from "./start-of";

const LENGTH = 80; // characters of a value that a message shows
const LISTED = 5; // names that a message lists

/**
 * A value as a message shows it: its JSON, shortened for any size or depth. Put values of untrusted files into messages
 * only in this form.
 */
export function shownValue(value: unknown, length = LENGTH): string {
  if (typeof value === "string")
    return value.length <= length
      ? JSON.stringify(value)
      : `${JSON.stringify(startOf(value, length))}… (${value.length.toLocaleString("en-US")} characters)`;
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? `${value}` : String(value);
  const text = briefly(value, 3);
  return text.length <= length ? text : `${startOf(text, length)}…`;
}

/** The first few names, quoted, and the number of further ones. */
export function shownNames(names: readonly string[], listed = LISTED): string {
  const shown = names.slice(0, listed).map((name) => shownValue(name));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more.toLocaleString("en-US")} more` : shown.join(", ");
}

/** A text of bounded length: its beginning and end, and the number of characters left out between them. */
export function shownText(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  const tail = text.slice(text.length - half).replace(/^[\udc00-\udfff]/, "");
  return `${startOf(text, half)} … (${(text.length - 2 * half).toLocaleString("en-US")} characters left out) … ${tail}`;
}

/** JSON without long or deeply nested parts. */
function briefly(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.length <= LENGTH ? value : `${startOf(value, LENGTH)}…`);
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
