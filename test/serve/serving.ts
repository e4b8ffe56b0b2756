import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TextInput } from "../../src/base/text-input";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { softmax } from "../../src/evaluation/softmax";
import type { LoraConfig } from "../../src/lora/lora-config";
import { serve, type TextServer } from "../../src/serve/serve";
import type { ServeOptions } from "../../src/serve/serve-options";
import { tinyModel } from "../cli/tiny";
import { scramble } from "../lora/tiny";

/** The labels of the tiny model. */
export const LABELS = ["neg", "pos"] as const;

/** A label with its score, as the server answers. */
export interface Scored {
  readonly label: string;
  readonly score: number;
}

/** An empty folder with a tiny BERT whose head counts as trained. */
export async function tinyBase(): Promise<{ folder: string; model: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-serve-"));
  const model = await tinyModel(folder);
  const config = join(model, "config.json");
  const fields = JSON.parse(await readFile(config, "utf8")) as Record<string, unknown>;
  const id2label = Object.fromEntries(LABELS.map((label, i) => [String(i), label]));
  const label2id = Object.fromEntries(LABELS.map((label, i) => [label, i]));
  await writeFile(config, JSON.stringify({ ...fields, id2label, label2id }));
  return { folder, model };
}

/** Writes an adapter with weights of its own and returns its folder. */
export async function writeAdapter(
  { folder, model }: { folder: string; model: string },
  { name, seed, config = {} }: { name: string; seed: number; config?: LoraConfig },
): Promise<string> {
  const [written] = await writeAdapters({ folder, model }, [{ name, seed, config }]);
  return written;
}

/** Writes several adapters. */
export async function writeAdapters(
  { folder, model }: { folder: string; model: string },
  adapters: readonly { name: string; seed: number; config?: LoraConfig }[],
): Promise<string[]> {
  const classifier = await loadClassifier(model);
  const folders: string[] = [];
  for (const { name, seed, config = {} } of adapters) {
    const adapter = classifier.addAdapter({ r: 2, targetModules: "auto", ...config }, { name: "default" });
    await scramble(adapter.parameters(), seed, classifier.model.ops);
    folders.push(join(folder, "adapters", name));
    await classifier.saveAdapter(join(folder, "adapters", name));
    classifier.unload();
  }
  classifier.dispose();
  return folders;
}

/** Probabilities of each label by the classifier with one adapter alone, for each text. */
export async function alone(
  model: string,
  adapter: string | undefined,
  texts: readonly TextInput[],
): Promise<number[][]> {
  const classifier = await loadClassifier(model);
  if (adapter !== undefined) await classifier.loadAdapter(adapter);
  const logits = await classifier.predictLogits(texts);
  classifier.dispose();
  return texts.map((_, i) => softmax([...logits.subarray(2 * i, 2 * i + 2)]).probabilities);
}

/** Compares an answer with probabilities in the order of the labels, up to rounding. */
export function expectScores(
  found: readonly Scored[],
  expected: readonly number[],
  labels: readonly string[] = LABELS,
): void {
  assert.deepEqual(found.map(({ label }) => label).sort(), [...labels].sort());
  assert.ok(
    found.every(({ score }, i) => i === 0 || found[i - 1].score >= score),
    "not in descending order",
  );
  for (const { label, score } of found) {
    const wanted = expected[labels.indexOf(label)];
    assert.ok(Math.abs(score - wanted) <= 1e-5, `${label}: ${score} is not ${wanted}`);
  }
}

/** Starts a server on a free port. */
export function start(options: ServeOptions): Promise<TextServer> {
  return serve({ port: 0, ...options });
}

/** An answer of a server. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends a request with a JSON body, or with raw bytes. */
export async function send(
  url: string,
  {
    body,
    method = "POST",
    headers = {},
  }: { body?: unknown; method?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const given = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body);
  const type: Record<string, string> = given === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(url, { method, headers: { ...type, ...headers }, body: given as RequestInit["body"] });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  return { status: answer.status, body: isJson ? (JSON.parse(text) as unknown) : text, headers: answer.headers };
}

/** Checks an error's status and type, and that its message is one sentence or two that match. */
export function expectError(
  answer: Answer,
  { status, type, message }: { status: number; type: string; message: RegExp },
): void {
  const { error, error_type: found } = answer.body as { error: string; error_type: string };
  assert.deepEqual([answer.status, found], [status, type], error);
  assert.match(error, message);
  assert.deepEqual(Object.keys(answer.body as object).sort(), ["error", "error_type"]);
}

/** Stops the process that computes, until `release`: texts then wait as under load. */
export function holdModel({ modelPid }: Pick<TextServer, "modelPid">): () => void {
  if (modelPid === undefined) throw new TypeError("The server has no model process.");
  process.kill(modelPid, "SIGSTOP");
  return () => void process.kill(modelPid, "SIGCONT");
}
