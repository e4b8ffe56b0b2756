import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance } from "fastify";
import type { Socket } from "node:net";

import { adapterRoutes, type AdapterRouteParts } from "./adapter-routes";
import { answerErrors, sendError, toServeError } from "./answer-errors";
import { parseJsonBodies } from "./parse-json";
import { predictRoutes, type PredictRouteParts } from "./predict-route";
import { stateRoutes, type StateRouteParts } from "./state-routes";

/** Everything that the routes need. */
export type AppParts = PredictRouteParts & AdapterRouteParts & StateRouteParts;

/** Milliseconds between two checks for requests that did not arrive in time. */
const LOOK = 1000;
/** Milliseconds for a request's headers to arrive: Node's default. */
const HEADERS = 60_000;

/** Builds the HTTP server: its routes, their schemas, limits and errors. It does not listen yet. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { limits, state, metrics, onNotice, model } = parts;
  const app = fastify({
    bodyLimit: limits.payloadLimit,
    requestTimeout: limits.timeout, // for the request to arrive
    // Node exchanges the two limits if the one for the headers is the longer one
    http: { connectionsCheckingInterval: LOOK, headersTimeout: Math.min(HEADERS, limits.timeout) },
    // ServerState has waited for the requests; Node would wait forever for a connection that never sends a whole
    // request
    forceCloseConnections: true,
    return503OnClosing: false, // ServerState answers with 503
    routerOptions: { maxParamLength: 200 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    frameworkErrors: (error, _request, reply) => void sendError(reply, toServeError(error, onNotice)),
    clientErrorHandler: refuseConnection,
  });
  // answers are plain objects: each number and label as JSON.stringify writes it
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await app.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: {
        title: "tslora serve",
        description: "Text classification by many LoRA adapters on one base model",
        version: model.version,
      },
      components: { securitySchemes: { admin: { type: "http", scheme: "bearer" } } },
    },
  });
  state.follow(app, metrics);
  answerErrors(app, { onFault: onNotice });
  parseJsonBodies(app);
  predictRoutes(app, parts);
  stateRoutes(app, parts);
  adapterRoutes(app, parts);
  return app;
}

/** Answers a request that is not valid HTTP, or that did not arrive in time, and closes the connection. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const large = error.code === "HPE_HEADER_OVERFLOW";
  const [status, message] = late
    ? ["408 Request Timeout", "the request did not arrive in time."]
    : large
      ? ["431 Request Header Fields Too Large", "the headers are too large."]
      : ["400 Bad Request", "the request is not valid HTTP."];
  const body = JSON.stringify({ error: message, error_type: late ? "Timeout" : "Validation" });
  const head = `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nContent-Type: application/json\r\n`;
  if (socket.writable) socket.write(`${head}Connection: close\r\n\r\n${body}`);
  socket.destroySoon();
}
