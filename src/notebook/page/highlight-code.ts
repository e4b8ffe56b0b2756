import { escapeHtml } from "./escape-html";

const KEYWORDS: Readonly<Record<"script" | "python", string>> = {
  script:
    "abstract any as async await boolean break case catch class const continue default delete do else enum export extends false finally for from function if implements import in instanceof interface keyof let new null number of readonly return satisfies string super switch this throw true try type typeof undefined unknown var void while yield",
  python:
    "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield",
};

const TOKENS: Readonly<Record<"script" | "python", RegExp>> = {
  script:
    /(?<comment>\/\/.*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?|`[^`\\]*(?:\\[\s\S][^`\\]*)*`?)|(?<number>\b(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?)\b)|(?<word>[A-Za-z_$][\w$]*)/g,
  python:
    /(?<comment>#.*)|(?<string>[rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?))|(?<number>\b\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?\b)|(?<word>[A-Za-z_]\w*)/g,
};

/** Code as escaped HTML, with comments, strings, numbers and keywords in spans. */
export function highlightCode(code: string, language: string): string {
  const kind = language.startsWith("python") ? "python" : "script";
  const keywords = new Set(KEYWORDS[kind].split(" "));
  let html = "";
  let end = 0;
  for (const match of code.matchAll(TOKENS[kind])) {
    const kindOf = (["comment", "string", "number"] as const).find((each) => match.groups?.[each] !== undefined);
    const name = kindOf ?? (keywords.has(match[0]) ? "keyword" : undefined);
    const start = match.index ?? end;
    html += escapeHtml(code.slice(end, start));
    html += name === undefined ? escapeHtml(match[0]) : `<span class="hl-${name}">${escapeHtml(match[0])}</span>`;
    end = start + match[0].length;
  }
  return html + escapeHtml(code.slice(end));
}
