import { randomInt } from "node:crypto";

import { printable } from "../../base/printable";
import { stripAnsi } from "../../notebook/page/ansi";

/**
 * The first parameter of this process's own sequences, until {@link writable} removes it. No data can know it, so data
 * cannot contain a sequence that passes for an own one.
 */
const MARK = String(randomInt(1e9, 1e10));

const OWN = new RegExp(`\\u001b\\[${MARK};([?\\d;]*[A-Za-z])`, "g");
// eslint-disable-next-line no-control-regex -- a sequence begins with ESC
const STYLE = /\u001b\[([\d;]*)m/;
// eslint-disable-next-line no-control-regex -- a sequence begins with ESC
const ANY = /\u001b\[(?=[?\d;]*[A-Za-z])/g;
/** The style that hides a text. */
const CONCEAL = 8;

/** A sequence that the command line itself sends to the terminal, such as `ownSequence("2K")`. */
export function ownSequence(sequence: string): string {
  return `\u001b[${MARK};${sequence}`;
}

/** Moves to the begin of the line, and erases it. */
export const ERASE_LINE = ownSequence("1G") + ownSequence("2K");

/**
 * The lines of a cell's output or error: keeps colours and styles if the terminal shows them, and leaves out all other
 * sequences. Each line with a style ends with a reset.
 */
export function styledOutput(text: string, { color }: { readonly color: boolean }): string {
  if (!color) return stripAnsi(text);
  return text
    .split("\n")
    .map((line) => {
      const parts = line.split(STYLE).map((part, i) => (i % 2 === 0 ? stripAnsi(part) : style(part)));
      return parts.length === 1 ? parts[0] : `${parts.join("")}${ownSequence("0m")}`;
    })
    .join("\n");
}

/** A style's own sequence; nothing for one that hides the text. */
function style(parameters: string): string {
  const codes = parameters.split(";");
  const isColor = codes.some((code) => code === "38" || code === "48"); // their parameters may be 8
  return !isColor && codes.some((code) => Number(code) === CONCEAL) ? "" : ownSequence(`${parameters}m`);
}

/**
 * Text as it is written to a stream. On a terminal, escapes the control characters of all data, and keeps own
 * sequences; line ends become `\n`, and tabs stay.
 */
export function writable(text: string, { isTerminal }: { readonly isTerminal: boolean }): string {
  const parts = text.split(OWN);
  return parts
    .map((part, i) => {
      if (i % 2 === 1) return `\u001b[${part}`;
      return isTerminal ? part.replace(/\r\n/g, "\n").split("\t").map(printable).join("\t") : part;
    })
    .join("");
}

/** Marks all sequences of a text as own ones: for a library that draws, and whose texts are {@link printable}. */
export function markOwn(text: string): string {
  return text.replace(ANY, `\u001b[${MARK};`);
}
