import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { median } from "../../../src/base/median";
import { Random } from "../../../src/base/random";
import { TextScreen } from "../../../src/evaluation/cascade/text-screen";
import { fitCascade, loadClassifier, predict, saveCascade, shareRead, train, type Cascade } from "../../../src/index";
import { makeModelFolder } from "../model-folders";
import { loadStudyData, type StudyData } from "../study-data";
import { runShard } from "./run-shard";

const PUBMED = 38e6; // abstracts
const LABELS = ["NEGATIVE", "POSITIVE"];
/** Shares of positive texts; the first is measured on all drawn texts, the others on a fifth of them. */
const SHARES = [0.01, 0.001, 0.1];
/** Greatest loss of recall of the cascade: some 200 texts that the encoder finds bound it by 0.015 if none is lost. */
const BOUND = 0.016;

interface RateOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly texts: number;
  /** Texts on which the head is trained. */
  readonly trained: number;
  /** Texts that are drawn for the cascade. */
  readonly drawn: number;
  readonly note: (text: string) => void;
}

/** Rates of a shard and of predict(), the cascade, and what PubMed takes at these rates. */
export async function measureRates({
  folder,
  rounds,
  texts: count,
  trained,
  drawn,
  note,
}: RateOptions): Promise<object> {
  const data = await loadStudyData();
  note(`Data: ${data.source}.`);
  const model = await trainedHead(data, { folder, trained });
  const texts = data.all.texts.slice(0, count);
  const path = join(folder, "texts.xml.gz");
  await writeFile(path, gzipSync(asPublished(texts)));
  const classifier = await loadClassifier(model, { labels: LABELS });
  const turns = [
    () => predict(classifier, texts),
    () => runShard({ folder, path, kind: "pubmed", model, labels: LABELS }),
  ];
  const [plain, bulk]: [Turn[], Turn[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const measured: Turn[] = [];
    for (const turn of round % 2 === 0 ? [0, 1] : [1, 0]) measured[turn] = await timed(turns[turn]);
    if (round === 0) continue; // warms up
    plain.push(measured[0]);
    bulk.push(measured[1]);
    const words = measured.map(
      (one) =>
        `${(count / one.seconds).toFixed(1)} texts a second, ${((one.processor / count) * 1000).toFixed(1)} ms of processor time a text`,
    );
    note(`Round ${round}: predict() ${words[0]}; the shard ${words[1]}.`);
  }
  classifier.dispose();
  const share = (of: (turn: Turn) => number): number => median(bulk.map((turn, i) => of(plain[i]) / of(turn)));
  const [byTime, byProcessor] = [share(({ seconds }) => seconds), share(({ processor }) => processor)];
  const held = byTime >= 0.95 ? "held" : "NOT HELD";
  note(
    `The shard's rate is ${(100 * byTime).toFixed(1)} % of predict()'s (the bar: at least 95 %, ${held}); ` +
      `by processor time ${(100 * byProcessor).toFixed(1)} %.`,
  );
  const rate = count / median(bulk.map(({ seconds }) => seconds));
  note(`All of PubMed (38 million) at this rate: ${hours(rate)} machine hours.`);
  const recall = trained >= data.train.texts.length;
  return {
    plain,
    bulk,
    byTime,
    byProcessor,
    cascade: await measureCascade({ data, model, folder, note, drawn, rate, recall }),
  };
}

/** Seconds of a turn, and seconds of processor time of all threads. */
interface Turn {
  readonly seconds: number;
  readonly processor: number;
}

async function timed(work: () => Promise<unknown>): Promise<Turn> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
}

/** MiniLM with a head that was trained on some of the study's training texts. */
async function trainedHead(data: StudyData, { folder, trained }: { folder: string; trained: number }): Promise<string> {
  const base = await makeModelFolder({ size: "minilm", parent: folder });
  const classifier = await loadClassifier(base, { labels: LABELS, seed: 42 });
  classifier.trainHead();
  const rows = rowsOf(data.train).slice(0, trained);
  for await (const event of train(classifier, {
    train: rows,
    numTrainEpochs: 60,
    learningRate: 0.01,
    frozenPrefixDropout: false,
    seed: 42,
  }))
    if (event.type === "warning" && event.kind === "frozen-prefix") throw new Error(event.message);
  const model = join(folder, "trained");
  await classifier.saveModel(model);
  classifier.dispose();
  return model;
}

interface CascadeOptions {
  readonly data: StudyData;
  readonly model: string;
  readonly folder: string;
  readonly note: (text: string) => void;
  /** Texts that are drawn for the cascade. */
  readonly drawn: number;
  /** Texts a second of the shard without a cascade. */
  readonly rate: number;
  /** Whether the head is good enough for its recall to mean something. */
  readonly recall: boolean;
}

/**
 * Fits the cascade: the screen on the training texts, the threshold on all others, of which neither the screen nor the
 * encoder was given one. Measures its throughput, and its loss of recall, at several shares of positive texts.
 */
async function measureCascade(of: CascadeOptions): Promise<object> {
  const { data, model, folder, note, rate, drawn: count } = of;
  const rows = rowsOf(data.all);
  const seen = new Set(data.train.texts);
  const others = rows.filter(({ text }) => !seen.has(text));
  const found = await foundBy(model, rows);
  const foundOf = (some: readonly Row[]): boolean[] => some.map(({ text }) => found.get(text) === true);
  const train = rowsOf(data.train);
  const cascade = fitCascade(train, {
    ...{ labels: LABELS, validation: others, found: foundOf(others), maxRecallLoss: BOUND },
  });
  const { recall } = cascade;
  const cascadePath = await saveCascade(model, cascade);
  note(
    `Cascade: loss of recall at most ${(100 * recall.lossBound).toFixed(2)} points (one-sided, ${recall.confidence}; ` +
      `${recall.missed} of ${recall.positives} positive texts that the encoder finds are below the threshold); ` +
      `${(100 * recall.negativesPassed).toFixed(1)} % of ${recall.negatives} negative texts pass.`,
  );
  const heldOut = of.recall ? twoParts(data, { foundOf, note }) : undefined;
  const screen = await screenRate({ data, cascade, model, folder, cascadePath });
  note(`The screen alone: ${screen.toFixed(0)} texts a second, read, parsed and written.`);
  const screens = new TextScreen(cascade);
  const measured: object[] = [];
  for (const share of SHARES) {
    const drawn = resample(data, { share, count: share === SHARES[0] ? count : Math.ceil(count / 5), seed: 1 });
    const path = join(folder, "drawn.xml.gz");
    await writeFile(path, gzipSync(asPublished(drawn), { level: 1 }));
    const { seconds, summary } = await runShard({
      ...{ folder, path, kind: "pubmed", model, labels: LABELS, cascadePath, chunkRecords: 16_384 },
    });
    const own = drawn.length / seconds;
    const read = Number(summary.encoded) / drawn.length;
    const positives = drawn.slice(0, Math.round(share * drawn.length));
    const byEncoder = positives.filter((text) => found.get(text) === true);
    const byBoth = byEncoder.filter((text) => screens.passes(screens.score(text)));
    const lost = (byEncoder.length - byBoth.length) / positives.length;
    measured.push({
      ...{ share, texts: drawn.length, seconds, rate: own, times: own / rate, read, lost },
      expected: shareRead(cascade, share),
      recallOfEncoder: byEncoder.length / positives.length,
    });
    note(
      `${100 * share} % positive, ${drawn.length} texts: ${own.toFixed(1)} a second, ${(own / rate).toFixed(1)} times the rate ` +
        `without; the encoder read ${(100 * read).toFixed(2)} %; ${(100 * lost).toFixed(2)} points of recall lost of ` +
        `${((100 * byEncoder.length) / positives.length).toFixed(2)}. PubMed: ${hours(own)} machine hours.`,
    );
  }
  const most = 1 / (recall.negativesPassed + rate / screen);
  note(`With no positive text at all: ${most.toFixed(1)} times.`);
  return { recall, heldOut, screen, measured, most };
}

interface Row {
  readonly text: string;
  readonly label: number;
}

function rowsOf({ texts, labels }: { readonly texts: readonly string[]; readonly labels: readonly number[] }): Row[] {
  return texts.map((text, i) => ({ text, label: labels[i] }));
}

/** Whether the encoder predicts the positive label, by text. */
async function foundBy(model: string, rows: readonly Row[]): Promise<Map<string, boolean>> {
  const classifier = await loadClassifier(model, { labels: LABELS });
  const texts = rows.map(({ text }) => text);
  const predictions = await predict(classifier, texts);
  classifier.dispose();
  return new Map(predictions.map(({ label }, i) => [texts[i], label === LABELS[1]]));
}

/** The threshold is chosen on the validation texts alone; recall and passed texts are those of the test texts. */
function twoParts(
  data: StudyData,
  { foundOf, note }: { foundOf: (rows: readonly Row[]) => boolean[]; note: CascadeOptions["note"] },
): object {
  const [validation, test] = [rowsOf(data.validation), rowsOf(data.test)];
  const found = foundOf(validation);
  const cascade = fitCascade(rowsOf(data.train), { labels: LABELS, validation, found, maxRecallLoss: 0.03 });
  const screen = new TextScreen(cascade);
  const foundOfTest = foundOf(test);
  const passes = test.map(({ text }) => screen.passes(screen.score(text)));
  const shareOf = (label: number, of: (i: number) => boolean): number => {
    const own = test.flatMap((row, i) => (row.label === label ? [i] : []));
    return own.filter(of).length / own.length;
  };
  const scores = {
    recallOfEncoder: shareOf(1, (i) => foundOfTest[i]),
    recallOfCascade: shareOf(1, (i) => foundOfTest[i] && passes[i]),
    negativesPassed: shareOf(0, (i) => passes[i]),
  };
  note(
    `Threshold of the validation texts, scores of the test texts: recall ${scores.recallOfEncoder.toFixed(3)} by the encoder ` +
      `alone, ${scores.recallOfCascade.toFixed(3)} by the cascade; ${(100 * scores.negativesPassed).toFixed(1)} % of the negative texts pass.`,
  );
  return scores;
}

/** Rate of a shard of which the encoder reads nothing. */
async function screenRate(of: {
  data: StudyData;
  cascade: Cascade;
  model: string;
  folder: string;
  cascadePath: string;
}): Promise<number> {
  const { data, cascade, model, folder, cascadePath } = of;
  const path = join(folder, "screen.xml.gz");
  const drawn = resample(data, { share: 0.02, count: 20_000, seed: 2 });
  await writeFile(path, gzipSync(asPublished(drawn), { level: 1 }));
  const closed = join(folder, "closed");
  const { mkdir, copyFile, readdir } = await import("node:fs/promises");
  await mkdir(closed, { recursive: true });
  for (const name of await readdir(model))
    if (name !== "cascade.json") await copyFile(join(model, name), join(closed, name));
  const closedPath = await saveCascade(closed, { ...cascade, threshold: 1e9 });
  const { seconds } = await runShard({
    ...{ folder, path, kind: "pubmed", model, labels: LABELS, cascadePath: closedPath, chunkRecords: 4096 },
  });
  if (cascadePath === closedPath) throw new Error("The closed screen must be another file.");
  return drawn.length / seconds;
}

function resample(
  { all }: StudyData,
  { share, count, seed }: { share: number; count: number; seed: number },
): string[] {
  const random = new Random(seed);
  const of = [0, 1].map((label) => all.texts.filter((_, i) => all.labels[i] === label));
  const positives = Math.round(share * count);
  return Array.from({ length: count }, (_, i) => {
    const texts = of[i < positives ? 1 : 0];
    return texts[random.below(texts.length)];
  });
}

/** Texts as a file of PubMed, with the elements around them that a record has. */
function asPublished(texts: readonly string[]): string {
  const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const references =
    '<Reference><Citation>Someone. A journal. 2001;1:1-9.</Citation><ArticleIdList><ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></Reference>';
  const articles = texts.map(
    (text, i) =>
      `<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">${i + 1}</PMID><Article PubModel="Print"><Journal><Title>A journal</Title></Journal><ArticleTitle></ArticleTitle><Abstract><AbstractText>${escaped(text)}</AbstractText></Abstract></Article></MedlineCitation><PubmedData><ReferenceList>${references.repeat(30)}</ReferenceList></PubmedData></PubmedArticle>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n${articles.join("\n")}\n</PubmedArticleSet>\n`;
}

function hours(rate: number): string {
  return Math.round(PUBMED / rate / 3600).toLocaleString("en-US");
}
