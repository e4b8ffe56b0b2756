/// <reference lib="dom" />
import type { PageFacts } from "../page-facts";
import { openClassifier, type PageClassifier } from "./classifier";
import type { Answer, Request, Scored } from "./messages";
import { explain } from "./occlusion";

/** Rows that are sent to the page together. */
const ROWS = 8;

let classifier: PageClassifier | undefined;
let newest = 0; // id of the newest request; it ends the work for older requests

const answer = (message: Answer): void => self.postMessage(message);
/** Lets the worker receive messages that arrived meanwhile. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  newest++;
  const own = newest;
  handle(data, () => own === newest).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    answer({ kind: "failed", message, ...("id" in data ? { id: data.id } : {}) });
  });
});

async function handle(request: Request, wanted: () => boolean): Promise<void> {
  if (request.kind === "load") return load(request);
  if (request.kind === "stop" || classifier === undefined) return;
  if (request.kind === "file") return scoreFile(request, classifier, wanted);
  const start = performance.now();
  const scored = await classifier.score(request.text);
  answer({ kind: "scored", id: request.id, milliseconds: performance.now() - start, ...scored });
  await breathe();
  const model = classifier;
  const label = scored.probabilities.indexOf(Math.max(...scored.probabilities));
  const known = new Map<string, number>([[request.text, scored.probabilities[label]]]);
  const probabilityOf = async (text: string): Promise<number> =>
    known.get(text) ?? (await model.score(text)).probabilities[label];
  for await (const step of explain(request.text, probabilityOf)) {
    if (!wanted()) return;
    answer({ kind: "explained", id: request.id, label, whole: scored.probabilities[label], ...step });
    await breathe();
  }
}

async function load({ base, facts }: { base: string; facts: PageFacts }): Promise<void> {
  const total = facts.bytes.all;
  let shown = 0;
  const onBytes = (bytes: number): void => {
    if (bytes - shown < total / 100) return;
    shown = bytes;
    answer({ kind: "loading", bytes, total });
  };
  classifier = await openClassifier(facts, { base, onBytes });
  answer({ kind: "ready", provider: classifier.provider });
}

async function scoreFile(
  { id, texts }: { id: number; texts: readonly string[] },
  model: PageClassifier,
  wanted: () => boolean,
): Promise<void> {
  let rows: Scored[] = [];
  for (const [at, text] of texts.entries()) {
    rows.push(await model.score(text));
    if (rows.length < ROWS && at < texts.length - 1) continue;
    answer({ kind: "rows", id, from: at + 1 - rows.length, rows });
    rows = [];
    await breathe();
    if (!wanted()) return;
  }
}
