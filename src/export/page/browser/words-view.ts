/// <reference lib="dom" />
import { byId, make, percent } from "./dom";
import type { Effect } from "./messages";

/** Words are highlighted if their change of log-odds reaches this share of the strongest, and a least value. */
const LEAST_SHARE = 0.1;
const LEAST = 0.02;
/** The change of log-odds that has the full colour, unless a stronger one has it. */
const FULL = 0.5;
/** Number of words in the list of the strongest. */
const LISTED = 6;

/** The view of a text's words. */
export interface ShownWords {
  readonly text: string;
  readonly label: string;
  readonly whole: number;
  readonly effects: readonly Effect[];
  readonly done: number;
  readonly total: number;
}

/** Highlights the words that changed the prediction, and lists the strongest. */
export function showWords(shown: ShownWords | undefined): void {
  const panel = byId("words", HTMLElement);
  const list = byId("strongest", HTMLElement);
  const status = byId("words-status", HTMLElement);
  if (shown === undefined) {
    panel.replaceChildren(make("span", "faint", "The words of the text appear here."));
    list.replaceChildren();
    status.textContent = "";
    return;
  }
  const { text, effects, label, whole, done, total } = shown;
  const most = Math.max(0, ...effects.map(({ change }) => Math.abs(change)));
  const strongest = Math.max(FULL, most);
  const marked = effects.filter(({ change }) => Math.abs(change) >= Math.max(LEAST, LEAST_SHARE * most));
  panel.replaceChildren(...highlighted(text, marked, strongest));
  const top = [...marked].sort((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, LISTED);
  list.replaceChildren(...top.map((effect) => listed(text, whole, effect)));
  status.textContent =
    done < total
      ? `Leaving words out: ${done} of ${total}`
      : marked.length === 0
        ? `No word by itself changes the prediction of ${label} noticeably.`
        : `The probability of ${label} when words are left out:`;
}

function highlighted(text: string, marked: readonly Effect[], strongest: number): (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let at = 0;
  for (const { start, end, change } of [...marked].sort((a, b) => a.start - b.start)) {
    if (start > at) pieces.push(text.slice(at, start));
    const mark = make("mark", change > 0 ? "for" : "against", text.slice(start, end));
    mark.style.setProperty("--strength", (0.15 + (0.85 * Math.abs(change)) / strongest).toFixed(2));
    pieces.push(mark);
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces;
}

function listed(text: string, whole: number, { start, end, change, without }: Effect): HTMLElement {
  const words = text.slice(start, end).replace(/\s+/g, " ");
  const short = words.length > 40 ? `${words.slice(0, 24)} … ${words.slice(-12)}` : words;
  const value = `${percent(whole)} → ${percent(without)}`;
  return make("li", change > 0 ? "for" : "against", make("span", "word", short), make("span", "value", value));
}
