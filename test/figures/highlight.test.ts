import assert from "node:assert/strict";
import { test } from "node:test";

import { highlightedText, highlightHtml, highlightText } from "../../src/figures/highlight";

const text = "No <b>malignant</b> cells";
const attribution = {
  text,
  label: "NEGATIVE",
  probability: 0.9123,
  words: [
    { text: "No", part: 0, start: 0, end: 2, score: 0.5 },
    { text: "malignant", part: 0, start: 6, end: 15, score: -1 },
    { text: "cells", part: 0, start: 20, end: 25, score: 0 },
  ],
} as const;

test("words are coloured by sign and size, markup is shown as text, and every character occurs once", () => {
  const highlight = highlightedText(attribution, { names: ["PMID 1"] });
  const html = highlightHtml(highlight);
  assert.match(html, /PMID 1: NEGATIVE, probability 0\.912/);
  assert.doesNotMatch(html.replaceAll("<b>Words that decided</b>", ""), /<b>malignant/);
  assert.match(html, /<span title="\+0\.500" style="background:rgba\(0, 114, 178, 0\.275\)[^>]*">No<\/span>/);
  assert.match(html, /<span title="[-−]1\.000" style="[^"]*213, 94, 0, 0\.55\)[^"]*dotted[^"]*">malignant<\/span>/);
  assert.doesNotMatch(html, /<span[^>]*>cells/);
  assert.equal(highlight.texts[0].parts[0].map((piece) => piece.text).join(""), text);
});

test("outside notebooks the largest words are listed, those for the label first", () => {
  assert.deepEqual(highlightText(highlightedText([attribution])).split("\n"), [
    "Words that decided",
    "  NEGATIVE, probability 0.912",
    "    for: No +0.500",
    "    against: malignant \u22121.000",
  ]);
});

test("a pair is two paragraphs; a long text is cut", () => {
  const pair = { ...attribution, text: ["No", text] as const, words: [{ ...attribution.words[1], part: 1 as const }] };
  assert.deepEqual(
    highlightedText(pair, { maxCharacters: 15 }).texts[0].parts.map((pieces) => pieces.map((piece) => piece.text)),
    [["No"], ["No <b>", "malignant"]],
  );
  assert.equal(highlightHtml(highlightedText(pair)).match(/<p /g)?.length, 2);
});
