import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { cleanText, cleanTexts, MISSING_ABSTRACT } from "../../src/corpus/text/clean-text";
import { toFrame } from "../../src/corpus/to-frame";

const cases: readonly [what: string, text: string, cleaned: string][] = [
  [
    "marks go, white space becomes one blank",
    "<ID:123>\nTitle: On  cells.\nAbstract: AIMS: First.\n\nMETHODS:\tSecond\u00a0one.",
    "On cells. AIMS: First. METHODS: Second one.",
  ],
  [
    "marks inside a sentence are text",
    "<ID:1>\nTitle: T.\nAbstract: See Title: and Abstract: here, <ID:5> too.",
    "T. See Title: and Abstract: here <ID:5> too.",
  ],
  [
    "a text without marks is only cleaned",
    "Title: not a file of the study, (really).",
    "Title: not a file of the study really.",
  ],
  [
    "the study's characters go, others stay",
    "a,b;c@d#e$f%g^h&i*j(k)l [m] {n} - + = < > / \" ' !",
    "abcdefghijkl [m] {n} - + = < > / \" ' !",
  ],
  [
    "a blank follows a full stop before a capital, not before a digit or small letter",
    "Done.Next 0.05 p.r and A.B",
    "Done. Next 0.05 p.r and A. B",
  ],
  [
    "abbreviations are found before blanks, brackets and line ends",
    "Smith et al. (2019), vol. 3 vs. vol. 4, e.g. this, i.e. that",
    "Smith and others 2019 volume 3 versus volume 4 for example this that is that",
  ],
  [
    "whatever their case, and at a text's start",
    "Et al. said Vs. and E.g. so",
    "and others said versus and for example so",
  ],
  ["over a line end", "Smith et\nal. found", "Smith and others found"],
  [
    "a full stop that ends a sentence stays",
    "By Smith et al. We agree, etc.",
    "By Smith and others. We agree and so on.",
  ],
  [
    "parts of words are no abbreviations",
    "Pavs. is a name, prevol. too, \u00e9vs. as well",
    "Pavs. is a name prevol. too \u00e9vs. as well",
  ],
  ["no abstract", "<ID:1>\nTitle: T.\nAbstract: ", MISSING_ABSTRACT],
  ["no abstract line", "<ID:1>\nTitle: T.", MISSING_ABSTRACT],
  ["an empty text", " \n ", MISSING_ABSTRACT],
  [
    "a text in Chinese",
    "<ID:1>\nTitle: \u6807\u9898\u3002\nAbstract: \u80bf\u7624\u3002",
    "\u6807\u9898\u3002 \u80bf\u7624\u3002",
  ],
];

test("texts are cleaned as in the study, without its errors", async (t) => {
  for (const [what, text, cleaned] of cases) await t.test(what, () => assert.equal(cleanText(text), cleaned));
});

test("cleaning twice is cleaning once", () => {
  for (const [, text] of cases) assert.equal(cleanText(cleanText(text)), cleanText(text));
});

test("a text of 100,000 characters is cleaned as well", () => {
  assert.equal(cleanText("et al. ".repeat(17_000)), `${"and others ".repeat(16_999)}and others.`);
  assert.equal(cleanText(`x${" ".repeat(100_000)}y`), "x y");
});

test("the cleaned frame keeps rows, index and other columns; the given frame does not change", () => {
  const documents = [
    { texts: "a, b", ID: "1", label: 1 },
    { texts: "c; d", ID: "2", label: 0 },
    { texts: "e", ID: "3", label: 0 },
  ];
  const frame = toFrame(documents).iloc({ rows: [2, 0] });
  const cleaned = cleanTexts(frame);
  assert.deepEqual(cleaned.column("texts").values, ["e", "a b"]);
  assert.deepEqual(cleaned.column("ID").values, ["3", "1"]);
  assert.deepEqual(
    [cleaned.index, cleaned.columns],
    [
      [2, 0],
      ["texts", "ID", "label"],
    ],
  );
  assert.deepEqual(frame.column("texts").values, ["e", "a, b"]);
  assert.throws(
    () => cleanTexts(frame.drop({ columns: ["texts"] })),
    (error: unknown) => error instanceof TsloraError && /columns texts, ID, label; got ID, label/.test(error.message),
  );
});
