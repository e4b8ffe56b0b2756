import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Classify } from "../classify";
import type { ServedAdapters } from "../served-adapters";
import { ServeError } from "../serve-error";
import type { ServeLimits } from "../serve-options";
import { parseInputs } from "./parse-inputs";
import { PREDICT_ANSWERS, PREDICT_BODY, type PredictBody, type Prediction } from "./schemas";

/** A request to predict; the adapter may be in the path or in the body. */
interface PredictCall {
  readonly Body: PredictBody;
  readonly Params: { readonly adapter?: string };
}

/** Parts that the routes need. */
export interface PredictRouteParts {
  readonly adapters: ServedAdapters;
  readonly classify: Classify;
  readonly limits: ServeLimits;
}

/** Adds `POST /predict` and `POST /predict/{adapter}`. */
export function predictRoutes(app: FastifyInstance, parts: PredictRouteParts): void {
  const schema = { body: PREDICT_BODY, response: PREDICT_ANSWERS, tags: ["predict"] };
  const params = {
    type: "object",
    required: ["adapter"],
    properties: { adapter: { type: "string", description: "Name of the adapter" } },
  };
  const handler = (request: FastifyRequest<PredictCall>, reply: FastifyReply): Promise<Prediction[] | Prediction[][]> =>
    predict(request, { reply, ...parts });
  app.post<PredictCall>(
    "/predict",
    { schema: { ...schema, summary: "Classify texts with the model, or with the adapter that the body names" } },
    handler,
  );
  app.post<PredictCall>(
    "/predict/:adapter",
    { schema: { ...schema, params, summary: "Classify texts with an adapter" } },
    handler,
  );
}

async function predict(
  { body, params }: FastifyRequest<PredictCall>,
  { reply, adapters, classify, limits }: PredictRouteParts & { reply: FastifyReply },
): Promise<Prediction[] | Prediction[][]> {
  const adapter = adapterOf(body.adapter, params.adapter);
  return adapters.use(adapter, async (served) => {
    const { texts, isBatch } = parseInputs(body.inputs, { most: limits.maxClientBatchSize });
    const { signal, release } = deadline(reply, limits.timeout);
    try {
      const { truncate = false, raw_scores: rawScores = false } = body;
      const rows = await classify.run({ texts, adapter, served, truncate, rawScores, signal });
      return isBatch ? rows : rows[0];
    } finally {
      release();
    }
  });
}

function adapterOf(inBody: string | undefined, inPath: string | undefined): string | undefined {
  if (inBody !== undefined && inPath !== undefined && inBody !== inPath)
    throw new ServeError(
      422,
      "Validation",
      "`adapter` in the body differs from the one in the path. Give one of them.",
    );
  return inPath ?? inBody;
}

/** A signal that aborts after the time limit, or when the client leaves. */
function deadline(reply: FastifyReply, timeout: number): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new ServeError(504, "Timeout", `no answer within ${timeout} milliseconds.`)),
    timeout,
  );
  const left = (): void => controller.abort(new ServeError(499, "Timeout", "the client left."));
  reply.raw.once("close", left);
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      reply.raw.off("close", left);
    },
  };
}
