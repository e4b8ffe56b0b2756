import type { FastifyInstance } from "fastify";

import type { ServeMetrics } from "../metrics";
import type { LoadedModel } from "../model/messages";
import type { ModelHost } from "../model/model-host";
import { ServeError } from "../serve-error";
import type { ServedAdapter, ServedLabels } from "../served-adapter";
import type { ServedAdapters } from "../served-adapters";
import type { ServeLimits } from "../serve-options";
import { errorAnswers, INFO, type ADAPTER_INFO } from "./schemas";
import type { ServerState } from "./server-state";

/** Parts that the routes need. */
export interface StateRouteParts {
  readonly adapters: ServedAdapters;
  readonly host: ModelHost;
  readonly state: ServerState;
  readonly metrics: ServeMetrics;
  readonly limits: ServeLimits;
  readonly model: { readonly id: string; readonly maxLength: number; readonly version: string } & ServedLabels &
    Pick<LoadedModel, "hasTrainedBase" | "dtype">;
}

/** Adds `GET /health`, `GET /info`, `GET /metrics` and `GET /openapi.json`. */
export function stateRoutes(app: FastifyInstance, parts: StateRouteParts): void {
  const { host, state, metrics } = parts;
  const tags = ["state"];
  app.get(
    "/health",
    {
      schema: {
        tags,
        summary: "Whether the server takes requests",
        response: {
          200: { type: "object", description: "It does", properties: { status: { type: "string" } } },
          ...errorAnswers({ 503: "It is draining, or the model is being loaded again" }),
        },
      },
    },
    () => {
      if (state.draining) throw new ServeError(503, "Unhealthy", "the server is ending.");
      if (!host.ready) throw new ServeError(503, "Unhealthy", "the model is being loaded again.");
      return { status: "ok" };
    },
  );
  app.get(
    "/info",
    { schema: { tags, summary: "The model, its adapters and the limits", response: { 200: INFO } } },
    () => info(parts),
  );
  app.get(
    "/metrics",
    {
      schema: {
        tags,
        summary: "Metrics in Prometheus' text format",
        response: { 200: { description: "Metrics", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
}

function info({ adapters, model, limits }: StateRouteParts): Record<string, unknown> {
  const { labels } = model;
  return {
    model_id: model.id,
    model_dtype: model.dtype,
    model_type: {
      classifier: {
        id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
        label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      },
    },
    classifies_without_adapter: model.hasTrainedBase,
    max_input_length: model.maxLength,
    max_batch_tokens: limits.maxBatchTokens,
    max_client_batch_size: limits.maxClientBatchSize,
    max_queue: limits.maxQueue,
    payload_limit: limits.payloadLimit,
    version: model.version,
    adapters: adapters.all.map(adapterInfo),
  };
}

/** An adapter as {@link ADAPTER_INFO} describes it. */
export function adapterInfo({
  name,
  labels,
  problemType,
  takesPairs,
  alone,
}: ServedAdapter): Record<keyof (typeof ADAPTER_INFO)["properties"], unknown> {
  return { name, labels, problem_type: problemType, takes_pairs: takesPairs, shares_passes: alone === undefined };
}
