/**
 * Characters that a terminal may interpret as commands, or that change the displayed order of a text: C0 except line
 * ends, DEL, C1, Unicode's line separators, and the marks that embed, override or isolate a direction.
 */
// eslint-disable-next-line no-control-regex -- they are what is escaped
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Escapes control characters, such as `\u001b`, so that a terminal shows them. Line ends are kept. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/** The same in one line, for a name or a cell: line ends and tabs become `\n` and `\t`. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n");
}

function escaped(char: string): string {
  return SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
