import { stripAnsi } from "../../notebook/page/ansi";
import type { JsonRecord } from "../../base/json";
import { isRecord } from "../../base/json";
import { stripTags, withoutHidden } from "../../notebook/page/strip-tags";

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " " };

/**
 * A display as text for a terminal: its plain text, the text of its HTML, or one line for a figure. Empty for the
 * picture beside an interactive figure, whose plain text is empty.
 */
export function displayText(content: JsonRecord): string {
  const data = isRecord(content.data) ? content.data : {};
  const text = (mime: string): string | undefined => {
    const value = data[mime];
    return typeof value === "string" ? value : Array.isArray(value) ? value.join("") : undefined;
  };
  const html = text("text/html");
  const plain = text("text/plain") ?? text("text/markdown");
  const isFigure = html !== undefined && /<script|<svg|<canvas|<img/i.test(html);
  if (plain !== undefined && plain.trim() !== "") return isFigure ? figureLine(plain) : plain;
  if (plain === "" && typeof data["text/plain"] === "string") return "";
  if (html !== undefined) return isFigure ? "[figure]" : htmlText(html);
  if (Object.keys(data).some((mime) => mime.startsWith("image/"))) return "[figure]";
  return `[${Object.keys(data).join(", ") || "empty output"}]`;
}

/** A figure in one line: its title, the first line of its text. */
function figureLine(plain: string): string {
  const title = plain.trim().split("\n", 1)[0].trim();
  // other libraries' figures: <Figure size 640x480 with 1 Axes>
  return /^<.*>$/.test(title) ? "[figure]" : `[figure] ${title}`;
}

/** The text of HTML: rows and blocks on separate lines, cells separated. */
export function htmlText(html: string): string {
  const blocks = withoutHidden(stripAnsi(html))
    .replace(/\s+/g, " ")
    .replace(/<\/t[dh]> ?/gi, "  ")
    .replace(/<br ?\/?>|<\/(?:tr|p|div|h\d|li|table|caption|pre)>/gi, "\n");
  return stripTags(blocks)
    .replace(/&(#39|\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}
