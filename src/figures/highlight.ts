import { escapeHtml } from "./escape";
import { formatChange, formatNumber } from "./format";
import { OKABE_ITO, seeThrough } from "./plots/palette";
import type { Highlight, HighlightedText } from "./types";

/** The part of `attribute`'s result that {@link highlightedText} draws. */
export interface AttributionLike {
  readonly text: string | readonly [string, string];
  readonly label: string;
  readonly probability: number;
  readonly words: readonly {
    readonly text: string;
    readonly part: 0 | 1;
    readonly start: number;
    readonly end: number;
    readonly score: number;
  }[];
}

/** Options of {@link highlightedText}. */
export interface HighlightOptions {
  /** @default "Words that decided" */
  readonly title?: string;
  /** Names of the texts, such as their IDs. @default none */
  readonly names?: readonly string[];
  /** Characters of a text that are shown; longer texts are cut. @default 20000 */
  readonly maxCharacters?: number;
}

const [FOR, , , AGAINST] = OKABE_ITO;
const MOST = 0.55; // opacity of the largest score; text stays readable on it
const LISTED = 6; // words of each sign in the text form
const NOTE = "The stronger the colour, the larger the word's share in the label's logit.";

/**
 * Texts with their words coloured by their share in the prediction: blue speaks for the label, orange with a dotted
 * line against it. The scale is each text's own. Outside notebooks, the words with the largest shares.
 *
 * @param attributions - the result of `attribute`
 */
export function highlightedText(
  attributions: AttributionLike | readonly AttributionLike[],
  options: HighlightOptions = {},
): Highlight {
  const list = "words" in attributions ? [attributions] : attributions;
  const { title = "Words that decided", names, maxCharacters = 20_000 } = options;
  return {
    kind: "highlight",
    title,
    texts: list.map((one, index) => ({
      heading: `${names?.[index] === undefined ? "" : `${names[index]}: `}${one.label}, probability ${formatNumber(one.probability, 3)}`,
      parts: (typeof one.text === "string" ? [one.text] : one.text).map((text, part) =>
        piecesOf(text.slice(0, maxCharacters), { words: one.words.filter((word) => word.part === part) }),
      ),
    })),
  };
}

/** A text as pieces, with a score where a piece is a word. */
function piecesOf(text: string, { words }: Pick<AttributionLike, "words">): HighlightedText["parts"][number] {
  const pieces: { text: string; score?: number }[] = [];
  let at = 0;
  for (const { start, end, score } of words) {
    if (end > text.length) break;
    if (start > at) pieces.push({ text: text.slice(at, start) });
    pieces.push({ text: text.slice(start, end), score });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** Highlighted texts as HTML; readable on light and dark pages. */
export function highlightHtml({ title, texts }: Highlight): string {
  const blocks = texts.map(({ heading, parts }) => {
    const most = largestOf(parts);
    const paragraphs = parts.map(
      (pieces) => `<p style="margin:4px 0">${pieces.map((piece) => mark(piece, most)).join("")}</p>`,
    );
    return `<div style="margin:8px 0"><b>${escapeHtml(heading)}</b>\n${paragraphs.join("\n")}</div>`;
  });
  return `<div style="max-width:60em;line-height:1.6">\n<b>${escapeHtml(title)}</b>\n${blocks.join("\n")}\n<small>${legend()}</small>\n</div>`;
}

function legend(): string {
  return `${mark({ text: "for the label", score: 1 }, 1)}, ${mark({ text: "against it", score: -1 }, 1)}. ${NOTE}`;
}

function mark({ text, score }: { text: string; score?: number }, most: number): string {
  const words = escapeHtml(text);
  if (score === undefined || score === 0 || most === 0) return words;
  const colour = seeThrough(score > 0 ? FOR : AGAINST, Number(((MOST * Math.abs(score)) / most).toFixed(3)));
  const line =
    score > 0 ? "" : `;border-bottom:2px dotted ${seeThrough(AGAINST, Number((Math.abs(score) / most).toFixed(3)))}`;
  return `<span title="${formatChange(score, 3)}" style="background:${colour};border-radius:3px${line}">${words}</span>`;
}

/** Highlighted texts as lines: the words with the largest scores for and against the label. */
export function highlightText({ title, texts }: Highlight): string {
  return [
    title,
    ...texts.flatMap(({ heading, parts }) => [
      `  ${heading}`,
      ...[1, -1].flatMap((sign) => {
        const words = parts
          .flat()
          .flatMap(({ text, score = 0 }) => (score * sign > 0 ? [{ text, score }] : []))
          .sort((a, b) => sign * (b.score - a.score))
          .slice(0, LISTED);
        const listed = words.map(({ text, score }) => `${text} ${formatChange(score, 3)}`).join(", ");
        return words.length === 0 ? [] : [`    ${sign > 0 ? "for" : "against"}: ${listed}`];
      }),
    ]),
  ].join("\n");
}

function largestOf(parts: HighlightedText["parts"]): number {
  return parts.flat().reduce((most, { score = 0 }) => Math.max(most, Math.abs(score)), 0);
}
