import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { cleanTexts } from "../../src/corpus/text/clean-text";
import { describeCorpus } from "../../src/corpus/describe-corpus";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame, textInputs } from "../../src/corpus/read-frame";
import { findLeaks } from "../../src/corpus/split/find-leaks";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { toFrame } from "../../src/corpus/to-frame";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-corpus-pairs-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const COLUMNS = { textColumn: "question", textPair: "answer" };

test("textPair names a second column; the frame keeps both texts through cleaning and splits", async () => {
  const path = await file(
    "pairs.csv",
    'question,answer,label,id\n"Is it, e.g. far?",No.,0,a\nWhy?,"Since 3, 4",1,b\nWho?,They,1,c\nHow?,So,0,d\n',
  );
  const { frame, problemType } = await loadCorpus(path, COLUMNS);
  assert.deepEqual(frame.columns, ["texts", "text_pair", "ID", "label"]);
  assert.equal(problemType, "single_label_classification");
  const { texts, textPairs, ID } = readFrame(cleanTexts(frame));
  assert.deepEqual(texts.slice(0, 2), ["Is it for example far?", "Why?"]);
  assert.deepEqual(textPairs?.slice(0, 2), ["No.", "Since 3 4"]);
  const [train, test] = trainTestSplit(frame, { testSize: 2, randomState: 1 });
  for (const part of [train, test]) {
    const rows = readFrame(part);
    for (const [i, input] of textInputs(part).entries()) {
      const at = ID.indexOf(rows.ID[i]);
      assert.deepEqual(input, [readFrame(frame).texts[at], readFrame(frame).textPairs?.[at]]);
    }
  }
});

test("a row without a second text, or with an empty one, is refused by its line, or left out", async () => {
  const path = await file(
    "bad.jsonl",
    [
      { question: "a", answer: "b", label: 0 },
      { question: "c", label: 1 },
      { question: "d", answer: "  ", label: 0 },
      { question: "e", answer: 5, label: 1 },
      { question: "f", answer: "g", label: 1 },
    ]
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
  await assert.rejects(
    loadCorpus(path, COLUMNS),
    /line 2: answer must be a string; got nothing\n- line 3: answer is empty\n- line 4: answer must be a string; got 5/,
  );
  const { frame, report } = await loadCorpus(path, { ...COLUMNS, onBadEntry: "report" });
  assert.deepEqual(readFrame(frame).textPairs, ["b", "g"]);
  assert.equal(report.counts.leftOut, 3);
  await assert.rejects(
    loadCorpus(path, { ...COLUMNS, textPair: "reply" }),
    /must have a column "reply" \(options.textPair\)/,
  );
  await assert.rejects(
    loadCorpus("sample", { textPair: "answer" }),
    /textPair is for CSV and JSONL files; got it for "sample"/,
  );
});

test("leaks and repeated texts are found by both texts of a pair, in either order", () => {
  const row = (ID: string, texts: string, text_pair: string): Parameters<typeof toFrame>[0][number] => ({
    texts,
    text_pair,
    ID,
    label: 0,
  });
  const train = toFrame([row("1", "Is it so?", "Yes."), row("2", "Why?", "I know not"), row("3", "same", "one")]);
  const test = toFrame([
    row("4", "is it so", "YES"),
    row("5", "Why?", "Since."),
    row("6", "one", "same"),
    row("7", "Yes Is", "it so"),
  ]);
  assert.deepEqual(findLeaks(train, test).byText, [
    { train: "1", test: "4" },
    { train: "3", test: "6" },
  ]);
  const both = toFrame([row("1", "a b", "c"), row("2", "A  b!", "C."), row("3", "a b", "d e")]);
  const { sameText, lengths } = describeCorpus(both);
  assert.deepEqual(sameText, [["1", "2"]]);
  assert.deepEqual(lengths, [3, 3, 4]);
});
