// @ts-check

/** An entry of a list: its indent and name, two blanks or more, and its description. */
const ENTRY = /^( {2,}\S.*? {2,})(\S.*)$/;

/**
 * Formats a command's help for a terminal. The first line, the usage, is not changed; entries of a list keep their
 * column; other consecutive lines become paragraphs.
 *
 * @param {string} help
 * @param {number} [columns]  of the terminal; at most 100, at least 40
 * @returns {string}
 */
export function wrapHelp(help, columns = process.stdout.columns ?? 80) {
  const width = Math.min(100, Math.max(40, columns));
  const [call = "", ...lines] = help.split("\n");
  /** @type {{ head: string, indent: number, text: string }[]} */
  const blocks = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    const [, head, text] = ENTRY.exec(line) ?? [];
    const continued = line.length - line.trimStart().length;
    if (head !== undefined && text !== undefined) blocks.push({ head, indent: head.length, text });
    else if (last !== undefined && last.text !== "" && line.trim() !== "" && continued === last.indent)
      last.text += ` ${line.trim()}`;
    else blocks.push({ head: line.slice(0, continued), indent: continued, text: line.trim() });
  }
  return [call, ...blocks.flatMap((block) => wrapBlock(block, width))].join("\n");
}

/**
 * @param {{ head: string, indent: number, text: string }} block
 * @param {number} width
 */
function wrapBlock({ head, indent, text }, width) {
  const lines = [""];
  for (const word of text.split(/ +/)) {
    const line = lines[lines.length - 1] ?? "";
    if (line !== "" && indent + line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line, i) => `${i === 0 ? head : " ".repeat(indent)}${line}`.trimEnd());
}
