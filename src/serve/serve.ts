import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";

import { packageVersion } from "../base/package-version";
import { TsloraError } from "../base/tslora-error";
import { Classify } from "./classify";
import { ServerState } from "./http/server-state";
import type { ModelHost } from "./model/model-host";
import { openModel } from "./open-model";
import { BatchQueue } from "./queue/batch-queue";
import { ServeError } from "./serve-error";
import { ServedAdapters } from "./served-adapters";
import { checkServeOptions, SERVE_DEFAULTS, type ServeOptions } from "./serve-options";

/** A server that listens. */
export interface TextServer {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** Names of the adapters that are served now. */
  readonly adapters: readonly string[];
  /** Process id of the process that holds the model. */
  readonly modelPid: number | undefined;
  /** Refuses new requests with 503, answers those in flight, and ends the server and the model's process. */
  close(): Promise<void>;
}

/**
 * Serves a model with any number of LoRA adapters over HTTP, in the style of Hugging Face's text-embeddings-inference:
 * `POST /predict`, `GET /health`, `GET /info`, `GET /metrics`, `GET /openapi.json`. The model is in memory once; texts
 * of different adapters share forward passes. It runs in a process of its own, so that the server can answer while it
 * computes.
 *
 * @throws TsloraError `bad-option` that lists everything wrong with the options, the errors of loading the model or an
 *   adapter, or `in-use` if the port is taken; nothing is then left running.
 */
export async function serve(options: ServeOptions): Promise<TextServer> {
  const limits = checkServeOptions(options);
  const onNotice = options.onNotice ?? (() => undefined);
  const { adminToken: token, adapterDirectory: directory, labels, problemType } = options;
  // Loaded here, so that programs that do not serve do not load fastify.
  const [{ buildApp }, { serveMetrics }] = await Promise.all([import("./http/build-app.js"), import("./metrics.js")]);
  const { id, config, tokenizer, host, model } = await openModel(options, onNotice);
  let app: FastifyInstance | undefined;
  try {
    const queue = new BatchQueue((documents) => host.predict(documents), {
      maxBatchTokens: limits.maxBatchTokens,
      onBatch: (batch) => metrics.batch(batch),
    });
    const adapters = new ServedAdapters({ host, base: model, given: { labels, problemType }, directory });
    const metrics = serveMetrics({
      queueLength: () => queue.length,
      adapters: () => adapters.all.length,
      modelMemory: () => host.rss,
    });
    await addAdapters(adapters, options, onNotice);
    expectUse(model.hasTrainedBase, { adapters, canAdd: token !== undefined && directory !== undefined, model: id });
    const { typeVocabSize } = config;
    const classify = new Classify({
      ...{ tokenizer, typeVocabSize, model: id, queue, maxQueue: limits.maxQueue },
      expectAdapter: (name) => host.expectAdapter(name),
    });
    const state = new ServerState();
    app = await buildApp({
      ...{ adapters, classify, limits, token, onNotice, host, state, metrics },
      model: { ...model, id, maxLength: tokenizer.maxLength, version: packageVersion() },
    });
    await listen(app, options);
    return textServer(app, { host, state, adapters });
  } catch (error) {
    await app?.close();
    await host.stop();
    throw error;
  }
}

async function addAdapters(
  adapters: ServedAdapters,
  { adapters: folders = {} }: ServeOptions,
  onNotice: (text: string) => void,
): Promise<void> {
  for (const [name, folder] of Object.entries(folders)) {
    const { alone } = await adapters.add(name, folder).catch((error: unknown) => {
      if (error instanceof ServeError)
        // the model's process ended meanwhile
        throw new TsloraError("kernel", `serve: the adapter "${name}": ${error.message}`, { cause: error });
      if (!(error instanceof TsloraError)) throw error;
      const { code, details, message } = error;
      throw new TsloraError(code, `serve: the adapter "${name}": ${message}`, {
        cause: error,
        details: { ...details },
      });
    });
    if (alone !== undefined) onNotice(`Adapter ${name} gets forward passes of its own: ${alone}.`);
  }
}

/** Refuses a model that could not answer any request. */
function expectUse(
  hasTrainedBase: boolean,
  { adapters, canAdd, model }: { adapters: ServedAdapters; canAdd: boolean; model: string },
): void {
  if (hasTrainedBase || adapters.all.length > 0 || canAdd) return;
  throw new TsloraError(
    "bad-input",
    `serve: the model ${model} has no trained head, and there is no adapter: every result would be random. Give adapters, or the folder of a trained model; or adminToken and adapterDirectory, so that adapters can be added.`,
  );
}

async function listen(app: FastifyInstance, options: ServeOptions): Promise<void> {
  const { host = SERVE_DEFAULTS.host, port = SERVE_DEFAULTS.port } = options;
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE")
      throw new TsloraError(
        "in-use",
        `serve: port ${port} of ${host} is in use. Choose another port, or 0 for a free one.`,
      );
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new TsloraError("bad-option", `serve: it is not possible to listen on port ${port} of ${host} (${code}).`);
    throw error;
  }
}

function textServer(
  app: FastifyInstance,
  { host, state, adapters }: { host: ModelHost; state: ServerState; adapters: ServedAdapters },
): TextServer {
  const { address, family, port } = app.server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await state.drain();
    await app.close();
    await host.stop();
  };
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    port,
    get adapters() {
      return adapters.all.map(({ name }) => name);
    },
    get modelPid() {
      return host.pid;
    },
    close: () => (closing ??= close()),
  };
}
