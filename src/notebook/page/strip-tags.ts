/** HTML without its tags, in linear time. A tag that never closes is text. */
export function stripTags(html: string, between = ""): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const open = html.indexOf("<", at);
    const close = open < 0 ? -1 : html.indexOf(">", open);
    if (close < 0) return parts.join("") + html.slice(at);
    parts.push(html.slice(at, open), between);
    at = close + 1;
  }
}

/** The closing tags of elements that are removed with their content. */
const CLOSING: Readonly<Record<string, RegExp>> = {
  style: /<\/style\s{0,9}>/gi,
  script: /<\/script\s{0,9}>/gi,
  "<!--": /-->/g,
};

/** HTML without its styles, scripts and comments. One that never closes stays as it is. */
export function withoutHidden(html: string, between = ""): string {
  const parts: string[] = [];
  const unclosed = new Set<string>(); // those that close nowhere behind
  const opening = /<(style|script)\b|<!--/gi;
  let at = 0;
  for (let match = opening.exec(html); match !== null; match = opening.exec(html)) {
    const kind = (match[1] as string | undefined)?.toLowerCase() ?? "<!--";
    if (unclosed.has(kind)) continue;
    const closing = CLOSING[kind];
    closing.lastIndex = opening.lastIndex;
    if (closing.exec(html) === null) {
      unclosed.add(kind);
      continue;
    }
    parts.push(html.slice(at, match.index), between);
    at = opening.lastIndex = closing.lastIndex;
  }
  return parts.join("") + html.slice(at);
}
