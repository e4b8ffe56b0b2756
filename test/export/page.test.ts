import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { toCsv } from "../../src/export/page/browser/csv";
import { decide } from "../../src/export/page/browser/decide";
import { FileView } from "../../src/export/page/browser/file-view";
import { explain, MOST_WORDS, without, wordsOf, type Explanation } from "../../src/export/page/browser/occlusion";
import { readRecords } from "../../src/export/page/browser/read-records";
import { atThreshold } from "../../src/export/page/browser/threshold";
import type { PageFacts } from "../../src/export/page/page-facts";
import { readTestScores } from "../../src/export/page/test-scores";
import { writePage, type WritePageOptions } from "../../src/export/page/write-page";
import { precisionRecallFscoreSupport } from "../../src/evaluation/metrics/precision-recall-fscore-support";
import { cli, tinyModel } from "../cli/tiny";

let root = "";
let source = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "tslora-page-"));
  source = await tinyModel(root);
});
after(() => rm(root, { recursive: true, force: true }));

const LABELS = ["no <b>", "yes & more"];

test("writePage writes a site that contains all that it loads, and reports its size; it replaces no other site", async () => {
  const output = join(root, "site");
  const classifier = await loadClassifier(source, { labels: LABELS });
  await classifier.loadAdapter(join(source, "adapter"));
  const written = await writePage(classifier, output, { title: "A <i>title" });
  const html = await readFile(join(output, "index.html"), "utf8");
  const facts = JSON.parse(await readFile(join(output, "page.json"), "utf8")) as PageFacts;
  assert.match(html, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'/);
  assert.deepEqual([facts.title, facts.labels, facts.weights], ["A <i>title", LABELS, "int8"]);
  const sizes = new Map(written.files.map(({ path, bytes }) => [path, bytes]));
  const loaded = ["index.html", "page.js", "worker.js", "style.css", facts.modelFile, facts.runtimeFile];
  loaded.push(...facts.tokenizerFiles.map((name) => join("model", name)));
  assert.equal(
    written.bytes,
    loaded.reduce((sum, path) => sum + (sizes.get(path) ?? NaN), 0),
  );
  assert.equal(facts.bytes.all, written.bytes);
  for (const name of ["page.js", "worker.js", "style.css", "index.html"]) {
    const text = await readFile(join(output, name), "utf8");
    assert.doesNotMatch(text, /(src|href)="https?:|cdn\.jsdelivr\.net\/npm\/onnx/, name);
  }
  const licences = await readFile(join(output, "licences.txt"), "utf8");
  for (const name of ["onnxruntime-web", "@xenova/transformers", "csv-parse", "fast-xml-parser"])
    assert.match(licences, new RegExp(`^${name} \\d`, "m"));
  assert.equal(written.threshold.kind, "none");
  await assert.rejects(writePage(classifier, output), { code: "bad-option", message: /holds files already/ });
  await assert.rejects(writePage(classifier, join(root, "x"), { weights: "int4" as never, title: " " }), {
    message: /weights must be "int8" or "float32"; got "int4"[\s\S]*title must be/,
  });
  await assert.rejects(writePage(classifier, join(root, "stopped"), { signal: AbortSignal.abort() }), {
    code: "aborted",
    message: /^Writing the page was stopped; .*stopped is as it was\.$/, // the folder of the page, not of its model
  });
  assert.ok(!existsSync(join(root, "stopped")));
  classifier.takesPairs = true;
  await assert.rejects(writePage(classifier, join(root, "x")), { code: "unsupported" });
  classifier.dispose();
});

test("a page shows scores of its own weights; with an adapter, those of the run that is named", async () => {
  const base = await tinyModel(join(root, "scored"));
  const scoresOf = (share: number): string => {
    const predictions = [0, 1].map((yTrue, index) => ({ index, yTrue, probabilities: [1 - share, share] }));
    return JSON.stringify({ labels: LABELS, after: { predictions } });
  };
  await writeFile(join(base, "results.json"), scoresOf(0.25));
  const run = join(root, "adapter-run");
  await mkdir(run);
  await writeFile(join(run, "results.json"), scoresOf(0.75));
  const classifier = await loadClassifier(base, { labels: LABELS });
  const scoresOn = async (name: string, options: WritePageOptions = {}): Promise<readonly number[] | undefined> => {
    const output = join(root, `scored-${name}`);
    await writePage(classifier, output, options);
    const { threshold } = JSON.parse(await readFile(join(output, "page.json"), "utf8")) as PageFacts;
    if (threshold.kind === "none") assert.match(threshold.reason, /no run with a results\.json was named/);
    return threshold.kind === "none" ? undefined : threshold.test.scores;
  };
  await classifier.loadAdapter(join(source, "adapter"));
  assert.equal(await scoresOn("active"), undefined);
  assert.deepEqual(await scoresOn("named", { run }), [0.75, 0.75]);
  classifier.disableAdapter();
  assert.deepEqual(await scoresOn("disabled"), [0.25, 0.25]);
  classifier.enableAdapter();
  await classifier.mergeAdapter();
  assert.equal(await scoresOn("merged"), undefined);
  await classifier.mergeAndUnload();
  assert.equal(await scoresOn("unloaded"), undefined);
  classifier.dispose();
});

test("tslora page prints the files, the download and why there is no threshold", async () => {
  const printed = await cli(["page", "--model", source, "-o", join(root, "by a command's")]);
  assert.equal(printed.code, 0, printed.err);
  assert.match(
    printed.out,
    /index\.html[\s\S]*A visitor's browser loads [\d.]+ MB\.\nServe it with: python3 -m http\.server/,
  );
  assert.match(printed.out, /--directory '\S*by a command'\\''s'\npage: \S*by a command's\n/);
  assert.match(printed.err, /The page has no threshold: the run's folder holds no results\.json/);
  assert.match((await cli(["page", "--model", source])).err, /--output is needed/);
});

test("a threshold's precision and recall are scikit-learn's; scores with other labels are not used", async () => {
  const scores = [0.9, 0.2, 0.55, 0.55, 0.4];
  const yTrue = [1, 0, 0, 1, 1];
  for (const threshold of [0, 0.4, 0.55, 0.6]) {
    const yPred = scores.map((score) => Number(score >= threshold));
    const { precision, recall } = precisionRecallFscoreSupport(yTrue, yPred, { labels: [1] });
    const found = atThreshold({ scores, yTrue }, threshold);
    assert.deepEqual([found.precision, found.recall], [precision[0], recall[0]]);
  }
  assert.equal(atThreshold({ scores, yTrue }, 0.95).precision, undefined);
  const run = join(root, "run");
  await mkdir(join(run, "adapter"), { recursive: true });
  const predictions = scores.map((score, i) => ({ index: i, yTrue: yTrue[i], probabilities: [1 - score, score] }));
  await writeFile(join(run, "results.json"), JSON.stringify({ labels: ["a", "b"], after: { predictions } }));
  const problemType = "single_label_classification";
  const read = (labels: string[]) => readTestScores(join(run, "adapter"), { labels, problemType });
  assert.deepEqual(await read(["a", "b"]), { kind: "scores", test: { scores, yTrue } });
  assert.match(JSON.stringify(await read(["b", "a"])), /are not those of the classifier/);
  assert.match(JSON.stringify(await read(["a", "b", "c"])), /two labels/);
  const facts = { labels: ["a", "b"], problemType } as const;
  assert.deepEqual(decide(facts, [0.5, 0.5], 0.5), ["a"], "the first of equal ones, as everywhere");
  assert.deepEqual(decide(facts, [0.7, 0.3], 0.3), ["b"]);
});

test("occlusion finds the decisive word in short and long texts, with a bounded number of passes", async () => {
  for (const words of [3, MOST_WORDS, MOST_WORDS + 1, 301, 2000]) {
    const at = Math.floor(words * 0.7);
    const text = Array.from({ length: words }, (_, i) => (i === at ? "key" : `w${i}`)).join(" ");
    let runs = 0;
    const probabilityOf = async (left: string): Promise<number> => {
      runs++;
      return left.includes("key") ? 0.9 : 0.2;
    };
    let last: Explanation | undefined;
    for await (const step of explain(text, probabilityOf)) last = step;
    assert.ok(last !== undefined && runs <= 62, `${words} words: ${runs} runs`);
    assert.equal(last.done, last.total);
    const strongest = [...last.effects].sort((a, b) => b.change - a.change)[0];
    assert.ok(text.slice(strongest.start, strongest.end).split(" ").includes("key"), `${words} words`);
    assert.equal(strongest.without, 0.2);
  }
  const [word] = wordsOf("  one\ntwo ");
  assert.equal(without("  one\ntwo ", word), "  \ntwo ");
});

test("files: CSV, TSV, PubMed's XML and MEDLINE, lines; a file without texts is an error", () => {
  assert.deepEqual(readRecords("a.csv", '\ufeffid,Text\n7,"a, ""b"""\n8,\n'), [{ id: "7", text: 'a, "b"' }]);
  assert.deepEqual(readRecords("a.tsv", "text\tPMID\nx\t1\n"), [{ id: "1", text: "x" }]);
  assert.deepEqual(readRecords("a.csv", "text;id\nx;1\n"), [{ id: "1", text: "x" }]);
  const medline =
    "PMID- 12\nTI  - A long\n      title\nAB  - An abstract\n      goes on.\nPT  - Journal\n\nPMID- 13\nTI  - B\n";
  assert.deepEqual(readRecords("a.nbib", medline), [
    { id: "12", text: "A long title\nAn abstract goes on." },
    { id: "13", text: "B" },
  ]);
  const xml =
    "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>T &lt;b&gt;</ArticleTitle>" +
    "<Abstract><AbstractText>A</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>";
  assert.deepEqual(readRecords("a.xml", xml), [{ id: "5", text: "T <b>\nA" }]);
  assert.deepEqual(
    readRecords("a.txt", "one\n\ntwo").map(({ id }) => id),
    ["1", "3"],
  );
  assert.throws(() => readRecords("a.csv", "x,y\n1,2\n"), /must have a column "text"/);
  assert.throws(() => readRecords("a.txt", "\n"), /holds no text/);
});

/** An element of a page, as far as the view of a file uses it. */
class FakeElement extends EventTarget {
  textContent = "";
  value = "";
  title = "";
  className = "";
  hidden = false;
  disabled = false;
  files: readonly File[] = [];
  children: readonly unknown[] = [];
  append(...children: readonly unknown[]): void {
    this.children = [...this.children, ...children];
  }
  replaceChildren(...children: readonly unknown[]): void {
    this.children = children;
  }
  setAttribute(): void {
    // no test reads attributes
  }
}

test("after a stop, rows that were on their way are left out, and the table shows the others", async () => {
  const elements = new Map<string, FakeElement>();
  const element = (id: string): FakeElement => {
    const found = elements.get(id) ?? new FakeElement();
    elements.set(id, found);
    return found;
  };
  const document = { getElementById: element, createElement: () => new FakeElement(), body: new FakeElement() };
  const kinds = { HTMLElement: FakeElement, HTMLInputElement: FakeElement, HTMLButtonElement: FakeElement };
  Object.assign(globalThis, { document, ...kinds });
  try {
    const facts = { labels: LABELS, problemType: "single_label_classification" } as unknown as PageFacts;
    const row = { probabilities: [0.25, 0.75], ids: new Int32Array(2), truncated: false };
    let begin: (texts: readonly string[]) => void = () => undefined;
    const begun = new Promise<readonly string[]>((resolve) => (begin = resolve));
    const view = new FileView(facts, {
      threshold: () => 0.5,
      begin: (texts) => begin(texts),
      stop: () => undefined,
      open: () => undefined,
    });
    element("file").files = [new File(["one\ntwo\nthree\nfour"], "a.txt")];
    element("file").dispatchEvent(new Event("change"));
    assert.deepEqual(await begun, ["one", "two", "three", "four"]);
    view.add(0, [row]);
    element("stop").dispatchEvent(new Event("click"));
    view.add(1, [row, row]);
    assert.equal(element("rows").children.length, 1);
    assert.match(element("file-status").textContent, /^a\.txt: 1 of 1 texts\. 0 no <b>, 1 yes & more\.$/);
    assert.ok(element("stop").hidden);
  } finally {
    for (const name of ["document", ...Object.keys(kinds)]) Reflect.deleteProperty(globalThis, name);
  }
});

test("the downloaded table quotes cells, and no cell is a formula in a spreadsheet", () => {
  assert.equal(toCsv([["a,b", 'c"d', "=1+2", "-3", "x"]]), '"a,b","c""d",\'=1+2,-3,x\r\n');
});
