/// <reference lib="dom" />
import type { PageFacts } from "../page-facts";
import { decide } from "./decide";
import { byId, make, percent } from "./dom";
import type { Scored } from "./messages";

/** Shows a text's label and the probability of each label; without a text, only the labels. */
export function showResult(
  facts: PageFacts,
  { scored, threshold, note }: { scored: Scored | undefined; threshold: number; note: string },
): void {
  const decided = scored === undefined ? [] : decide(facts, scored.probabilities, threshold);
  byId("label", HTMLElement).textContent =
    scored === undefined ? "–" : decided.length === 0 ? "none of the labels" : decided.join(", ");
  const bars = facts.labels.map((label, i) => {
    const probability = scored?.probabilities[i];
    const fill = make("span", "fill");
    fill.style.width = percent(probability ?? 0);
    const row = make(
      "li",
      decided.includes(label) ? "bar chosen" : "bar",
      make("span", "name", label),
      make("span", "value", probability === undefined ? "" : percent(probability)),
      make("span", "track", fill),
    );
    return row;
  });
  byId("bars", HTMLElement).replaceChildren(...bars);
  const cut =
    scored?.truncated === true ? ` The text is cut at ${facts.maxLength} tokens; what follows has no effect.` : "";
  byId("note", HTMLElement).textContent = `${note}${cut}`;
}
