import assert from "node:assert/strict";
import { test } from "node:test";

import { findLabelInTexts } from "../../src/audit/texts/label-in-text";
import { findMojibake } from "../../src/audit/texts/mojibake";
import { findOddTexts } from "../../src/audit/texts/text-oddities";

test("UTF-8 read as Windows-1252 or Latin-1 is recognised, and ordinary text is not", () => {
  const words = ["é", "ü", "ñ", "ß", "Ö", "š", "ł", "“q”", "–", "…", "≤", "Привет", "ψυχή", "🙂", "\ufeff"];
  const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"; // of Windows-1252, from 0x80
  for (const word of words) {
    const latin = Buffer.from(`a ${word} b`, "utf8").toString("latin1");
    const windows = latin.replace(/[\u0080-\u009f]/g, (character) => high[character.charCodeAt(0) - 0x80]);
    for (const text of [latin, windows]) assert.ok(findMojibake(text) !== undefined, word);
  }
  for (const text of [
    "Garçon, naïve café à la Âme, crème brûlée",
    "« CAFÉ » „ÜBER“ “AÇÃO” MAÇÃ»",
    "5 µm ± 2 °C, Å = 0.1 nm, Ä. Müller, El Niño",
    "Привет ПРИВЕТ",
    "10 Å; ÅÄÖ",
    "日本語 – “quotes” …",
  ])
    assert.equal(findMojibake(text), undefined, text);
});

test("each oddity is found with evidence, and ordinary texts have none", () => {
  const usual = Array.from(
    { length: 20 },
    (_, i) =>
      `This is the usual text number ${i} of the data, which has some twenty words and nothing odd about it at all`,
  );
  const odd = [
    ["", "empty-text", /no characters/],
    [" \u2014 ", "empty-text", /no letters or digits/],
    ["Too short", "very-short", /2 words; the median is 2\d/],
    [Array(300).fill("word").join(" "), "very-long", /300 words/],
    ["Это сообщение написано другими буквами", "other-script", /0% of the letters are Latin/],
    ["half a \ud800 character in an otherwise usual text", "damaged-encoding", /surrogate/],
    ["an escape \u001b[31m in an otherwise usual text", "control-characters", /1 × U\+001B/],
    ["turned \u202e around in an otherwise usual text", "control-characters", /U\+202E/],
    ["12 345 678 90 1 2 3 4 a b c", "mostly-digits", /14 digits, 3 letters/],
  ] as const;
  const found = findOddTexts([...usual, ...odd.map(([text]) => text)]);
  assert.deepEqual(
    found.map(({ row, oddity }) => [row, oddity]),
    odd.map(([, oddity], i) => [usual.length + i, oddity]),
  );
  found.forEach(({ evidence }, i) => assert.match(evidence, odd[i][2]));
  assert.deepEqual(findOddTexts(["good", "bad", "so so"]), []); // short by nature
  const hindi = "\u0939\u093f\u0902\u0926\u0940 "; // one word, though its vowels are marks
  assert.match(
    findOddTexts([...Array<string>(20).fill(hindi.repeat(10)), hindi.repeat(2)])[0].evidence,
    /2 words; the median is 10/,
  );
});

test("the name of a text's own label is found as a word, with its share in other texts", () => {
  const texts = ["HIV-Positive cells", "nonpositive", "health care costs", "positive", "nothing"];
  assert.deepEqual(findLabelInTexts(texts, [0, 0, 1, 1, 1], ["positive", "health_care"]), [
    { row: 0, name: "positive", ownShare: 1 / 2, otherShare: 1 / 3 },
    { row: 2, name: "health_care", ownShare: 1 / 3, otherShare: 0 },
  ]);
  const many = Array.from({ length: 150_000 }, () => "positive");
  assert.equal(findLabelInTexts(many, new Array<number>(many.length).fill(0), ["positive"]).length, many.length);
  const vowels = ["\u0915\u093f", "\u0915\u093e \u0915", "\u0915\u093e \u0915\u093f"]; // ki, kaa ka, kaa ki
  assert.deepEqual(
    findLabelInTexts(vowels, [0, 0, 0], ["\u0915\u093f"]).map(({ row }) => row),
    [0, 2],
  );
  assert.deepEqual(
    findLabelInTexts(vowels, [0, 0, 0], ["\u0915"]).map(({ row }) => row),
    [1],
  );
  assert.deepEqual(findLabelInTexts(["0 and 1", "a.b"], [0, 1], ["0", "a+b"]), [
    { row: 1, name: "a+b", ownShare: 1, otherShare: 0 },
  ]);
});
