import { escapeHtml, xmlText } from "../../figures/escape";

/** Plain text as HTML: escaped, without control characters, and with code between backticks. */
export function inlineText(text: string): string {
  return xmlText(text)
    .split(/`([^`]+)`/)
    .map((part, at) => (at % 2 === 0 ? escapeHtml(part) : `<code>${escapeHtml(part)}</code>`))
    .join("");
}

/** A cell's text as HTML: code if the whole text is between backticks, else plain text. */
export function cellText(text: string): string {
  const code = /^`([^`]+)`$/.exec(text);
  return code === null ? escapeHtml(xmlText(text)) : `<code>${escapeHtml(xmlText(code[1]))}</code>`;
}
