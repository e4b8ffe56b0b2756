import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";

import { TsloraError } from "../../base/tslora-error";
import { ServeError } from "../serve-error";
import { INPUTS_RULE } from "./schemas";

/** Answers every error as `{ error, error_type }`. */
export function answerErrors(app: FastifyInstance, { onFault }: { onFault: (text: string) => void }): void {
  app.setErrorHandler((error: FastifyError | Error, _request, reply) => sendError(reply, toServeError(error, onFault)));
  app.setNotFoundHandler((_request, reply) =>
    sendError(reply, new ServeError(404, "NotFound", "there is no such route. GET /openapi.json lists them.")),
  );
}

/** Sends an error as an answer. */
export function sendError(reply: FastifyReply, { status, type, message, headers }: ServeError): FastifyReply {
  return reply.code(status).headers(headers).send({ error: message, error_type: type });
}

/** The answer to an error. An unexpected error is reported to the operator, and answered without details. */
export function toServeError(
  error: FastifyError | Error,
  onFault: (text: string) => void = () => undefined,
): ServeError {
  if (error instanceof ServeError) return error;
  if (error instanceof TsloraError) {
    onFault(error.message);
    return new ServeError(424, "Backend", "the model's process failed. Try again later.");
  }
  if ("validation" in error && error.validation !== undefined)
    return new ServeError(422, "Validation", validationMessage(error));
  const status = "statusCode" in error ? (error.statusCode ?? 500) : 500;
  if (status === 413) return new ServeError(413, "Validation", "the body is larger than the server's payload_limit.");
  if (status === 415)
    return new ServeError(415, "Validation", "the body must be JSON: send Content-Type: application/json.");
  if (status >= 400 && status < 500)
    return new ServeError(422, "Validation", `the request is invalid: ${error.message}`);
  onFault(error.stack ?? error.message);
  return new ServeError(500, "Backend", "the server failed. Its log has the reason.");
}

function validationMessage({ validation = [], validationContext }: FastifyError): string {
  const [first] = validation;
  const path = first?.instancePath ?? "";
  if (path.startsWith("/inputs")) return `\`inputs\` must be ${INPUTS_RULE}.`;
  const field = path === "" ? `the ${validationContext ?? "request"}` : `\`${path.slice(1)}\``;
  const extra = first?.params.additionalProperty;
  const named = typeof extra === "string" ? ` (${JSON.stringify(extra.slice(0, 80))})` : "";
  return `${field} ${first?.message ?? "is invalid"}${named}.`;
}
