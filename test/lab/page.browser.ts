import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { softmax } from "../../src/evaluation/softmax";
import { exportOnnx } from "../../src/export/export-onnx";
import { loadOnnxClassifier } from "../../src/export/onnx-classifier";
import { writePage } from "../../src/export/page/write-page";
import { launchChromium } from "./lab-page";
import { serveFolder } from "./static-server";

// The page of `tslora page` in Chromium, with the embedded encoder and a head of random weights that training has not
// changed: the test compares numbers, and any head will do.

const LABELS = ["<i>no</i>", "yes"];
const COUNT = 50;
const minutes = { timeout: 600_000 };

let root = "";
let texts: string[] = [];
let classifier: SequenceClassifier;
let server: { url: string; close: () => Promise<void> };
let browser: Browser;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tslora-page-"));
  const corpus = await loadCorpus(process.env.TSLORA_DATA ?? "sample");
  const all = readFrame(corpus.frame).texts;
  texts = Array.from({ length: COUNT }, (_, i) => all[Math.floor((i * all.length) / COUNT)]);
  classifier = await loadClassifier("embedded", { labels: LABELS, seed: 1, maxLength: 256 });
  for (const parameter of classifier.model.parameters()) parameter.drawn = false; // the head as it is
  await writePage(classifier, join(root, "site"), { title: "Texts <b>" });
  await exportOnnx(classifier, join(root, "onnx"), { quantize: "int8-weights" });
  server = await serveFolder(join(root, "site"));
  browser = await launchChromium();
}, minutes);

after(async () => {
  await browser?.close();
  await server?.close();
  classifier?.dispose();
  await rm(root, { recursive: true, force: true });
}, minutes);

/** Opens the page; every request and every error of the page is noted. */
async function open(options: BrowserContextOptions = {}, url = server.url): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  const own = [url, `blob:${url}`, "data:"];
  context.on("request", (request) => {
    if (!own.some((start) => request.url().startsWith(start)) || request.method() !== "GET") faults.push(request.url());
  });
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => (message.type() === "error" ? faults.push(message.text()) : undefined));
  await page.goto(url);
  await page.waitForSelector(".status.ready", { timeout: 120_000 });
  return { page, faults };
}

const csv = (rows: readonly string[]): Buffer =>
  Buffer.from(`id,text\n${rows.map((text, i) => `${i},"${text.replaceAll('"', '""')}"`).join("\n")}\n`);

/** Gives the page a file and downloads its table: the probabilities of each row. */
async function classifyFile(page: Page, rows: readonly string[]): Promise<number[][]> {
  await page.setInputFiles("#file", { name: "texts.csv", mimeType: "text/csv", buffer: csv(rows) });
  await page.waitForFunction(
    (count) => document.querySelector("#file-status")?.textContent?.includes(`${count} of ${count} texts`) === true,
    rows.length,
    { timeout: 300_000 },
  );
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  const table = await readFile(await download.path(), "utf8");
  return Array.from(table.matchAll(/^\d+,[^\n]*?,(\d\.\d{6}),(\d\.\d{6}),/gm), ([, a, b]) => [Number(a), Number(b)]);
}

/** Differences of the page's probabilities from those of onnxruntime-node, text by text. */
async function differences(page: Page, weights: "int8" | "float32"): Promise<number[]> {
  const found = await classifyFile(page, texts);
  assert.equal(found.length, COUNT);
  const onnx = await loadOnnxClassifier(join(root, "onnx"), { weights });
  const apart: number[] = [];
  for (const [i, text] of texts.entries()) {
    const { probabilities } = softmax(Array.from(await onnx.predictLogits([text])));
    apart.push(Math.abs(probabilities[1] - found[i][1]));
  }
  return apart;
}

test("probabilities of 50 texts are Node's within 1e-3, and nothing is requested from elsewhere", minutes, async () => {
  await writePage(classifier, join(root, "exact"), { weights: "float32" });
  const exact = await serveFolder(join(root, "exact"));
  const { page, faults } = await open({ acceptDownloads: true }, exact.url);
  const apart = await differences(page, "float32");
  assert.ok(Math.max(...apart) < 1e-3, `${Math.max(...apart)}`);
  assert.deepEqual(faults, []);
  await page.context().close();
  await exact.close();
});

test("with 8-bit weights, probabilities are also Node's within 1e-3", minutes, async () => {
  const { page, faults } = await open({ acceptDownloads: true });
  const apart = await differences(page, "int8");
  assert.ok(Math.max(...apart) < 1e-3, `${Math.max(...apart)}`);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("the page's tokenizer gives Node's ids for 50 texts and for hostile ones", minutes, async () => {
  const { page, faults } = await open();
  const asked = [...texts, texts.join(" "), "na\u00efve \u2014 \u4e16\u754c \u{1f642}\u0000 [MASK] \ufb01"];
  const found = await page.evaluate(async (all) => {
    const script = await (await fetch("worker.js")).text();
    const worker = new Worker(URL.createObjectURL(new Blob([script])));
    type Told = { kind: string; ids: Int32Array; truncated: boolean };
    const next = (kind: string): Promise<Told> =>
      new Promise((resolve) => {
        const hear = ({ data }: MessageEvent<Told>): void => {
          if (data.kind !== kind) return;
          worker.removeEventListener("message", hear);
          resolve(data);
        };
        worker.addEventListener("message", hear);
      });
    const facts: unknown = await (await fetch("page.json")).json();
    worker.postMessage({ kind: "load", base: location.href, facts });
    await next("ready");
    const ids: { ids: number[]; truncated: boolean }[] = [];
    for (const [id, text] of all.entries()) {
      worker.postMessage({ kind: "classify", id, text });
      const scored = await next("scored");
      ids.push({ ids: [...scored.ids], truncated: scored.truncated });
    }
    worker.terminate();
    return ids;
  }, asked);
  const own = classifier.tokenizer.encode(asked).map(({ ids, truncated }) => ({ ids: [...ids], truncated }));
  assert.deepEqual(found, own);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("texts and labels with markup are shown as text, and words are highlighted while typing", minutes, async () => {
  const { page, faults } = await open();
  const attack = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script> two words`;
  await page.focus("#text");
  await page.keyboard.insertText(attack);
  await page.waitForFunction(
    () => /when words are left out|No word by itself/.test(document.querySelector("#words-status")?.textContent ?? ""),
    undefined,
    { timeout: 120_000 },
  );
  assert.equal(await page.textContent("#words"), attack);
  assert.equal(await page.locator("#words img, #words script, #bars i, h1 b").count(), 0);
  assert.equal(await page.title(), "Texts <b>");
  assert.ok(LABELS.includes((await page.textContent("#label")) ?? ""));
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("the policy keeps page and worker from other hosts", minutes, async () => {
  const { page } = await open();
  const other = await serveFolder(join(root, "site")); // another origin
  const reached = await page.evaluate(async (address) => {
    const tried = (): Promise<string> =>
      fetch(address).then(
        () => "reached",
        () => "refused",
      );
    const script = `fetch(${JSON.stringify(address)}).then(() => postMessage("reached"), () => postMessage("refused"))`;
    const worker = new Worker(URL.createObjectURL(new Blob([script])));
    const inWorker = new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data)));
    return [await tried(), await inWorker];
  }, `${other.url}page.json`);
  assert.deepEqual(reached, ["refused", "refused"]);
  await other.close();
  await page.context().close();
});

test(
  "by keyboard: every control is reached by Tab in order, and the file's texts open with Enter",
  minutes,
  async () => {
    const { page, faults } = await open();
    const seen: string[] = [];
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate(() => document.activeElement?.id || (document.activeElement?.tagName ?? "")));
    }
    assert.deepEqual(seen, ["clear", "text", "SUMMARY", "file", "A"]);
    await classifyFileByHand(page);
    await page.focus("#rows button");
    await page.keyboard.press("Enter");
    assert.equal(await page.inputValue("#text"), "a first text");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "text");
    assert.deepEqual(faults, []);
    await page.context().close();
  },
);

async function classifyFileByHand(page: Page): Promise<void> {
  await page.setInputFiles("#file", {
    name: "a.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("a first text\ntwo"),
  });
  await page.waitForFunction(() => document.querySelectorAll("#rows tr").length === 2);
}

test(
  "light, dark and phone: the background follows the scheme, and nothing is wider than the screen",
  minutes,
  async () => {
    const grounds: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, faults } = await open({ colorScheme, viewport: { width: 390, height: 844 } });
      await classifyFileByHand(page);
      await page.fill("#text", `${"x".repeat(300)} a text`);
      await page.waitForFunction(() => document.querySelector("#label")?.textContent !== "–");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      assert.deepEqual(faults, []);
      await page.context().close();
    }
    assert.notEqual(grounds[0], grounds[1]);
  },
);

test(
  "a page without test scores has no slider, with the reason; opened as a file, it shows advice",
  minutes,
  async () => {
    const { page } = await open();
    assert.ok(!(await page.locator("#threshold").isVisible()));
    assert.match((await page.textContent("#threshold-reason")) ?? "", /There is no threshold to move: .*results\.json/);
    await page.goto(`file://${join(root, "site", "index.html")}`);
    assert.match((await page.textContent("#status")) ?? "", /file server/);
    await page.context().close();
  },
);
