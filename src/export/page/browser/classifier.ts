/// <reference lib="dom" />
import * as ort from "onnxruntime-web";

import { probabilitiesOf } from "../../../evaluation/probabilities-of";
import { loadTokenizer } from "../../../tokenizer/load-tokenizer";
import type { Tokenizer } from "../../../tokenizer/tokenizer";
import type { PageFacts } from "../page-facts";
import { keepFile } from "./in-place/read-text-file";
import type { Scored } from "./messages";

/** The exported model in onnxruntime-web, with tslora's own tokenizer. */
export interface PageClassifier {
  readonly provider: "webgpu" | "wasm";
  score(text: string): Promise<Scored>;
}

/**
 * Fetches the tokenizer and the model, and opens them.
 *
 * @param base - the page's address
 * @param onBytes - called with the bytes that were received so far
 */
export async function openClassifier(
  facts: PageFacts,
  { base, onBytes }: { base: string; onBytes: (bytes: number) => void },
): Promise<PageClassifier> {
  let received = 0;
  const get = async (path: string): Promise<Uint8Array> => {
    const bytes = await fetchBytes(new URL(path, base), (more) => onBytes((received += more)));
    return bytes;
  };
  for (const name of facts.tokenizerFiles) keepFile(`model/${name}`, await get(`model/${name}`));
  const tokenizer = await loadTokenizer("model", { maxLength: facts.maxLength });
  const runtime = await get(facts.runtimeFile);
  const model = await get(facts.modelFile);
  ort.env.wasm.wasmBinary = runtime;
  ort.env.wasm.numThreads = 1; // threads need headers that a plain file server does not send
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  const provider = facts.weights === "float32" && (await hasWebgpu()) ? "webgpu" : "wasm";
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider] });
  return { provider, score: (text) => scoreText(text, { session, tokenizer, facts }) };
}

async function scoreText(
  text: string,
  { session, tokenizer, facts }: { session: ort.InferenceSession; tokenizer: Tokenizer; facts: PageFacts },
): Promise<Scored> {
  const [{ ids, types, truncated }] = tokenizer.encode([text]);
  const tensor = (valueAt: (at: number) => number): ort.Tensor =>
    new ort.Tensor(
      "int64",
      BigInt64Array.from(ids, (_, at) => BigInt(valueAt(at))),
      [1, ids.length],
    );
  const inputs: Record<string, () => ort.Tensor> = {
    input_ids: () => tensor((at) => ids[at]),
    attention_mask: () => tensor(() => 1),
    token_type_ids: () => tensor((at) => types?.[at] ?? 0),
  };
  const { logits } = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]()])));
  const scores = Array.from((await logits.getData()) as Float32Array);
  logits.dispose();
  return { probabilities: probabilitiesOf(scores, facts), ids, truncated };
}

async function hasWebgpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  return gpu !== undefined && ((await gpu.requestAdapter().catch(() => null)) ?? undefined) !== undefined;
}

async function fetchBytes(url: URL, onBytes: (more: number) => void): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok || answer.body === null) throw new Error(`${url.pathname} cannot be fetched (${answer.status}).`);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = answer.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    onBytes(next.value.length);
  }
  const bytes = new Uint8Array(length);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
