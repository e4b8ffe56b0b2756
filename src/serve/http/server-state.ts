import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { ServeMetrics } from "../metrics";
import { ServeError } from "../serve-error";
import { sendError } from "./answer-errors";

/** Routes that answer while the server drains. */
const ALWAYS: readonly string[] = ["/health", "/metrics"];

/** The status in the metrics of a request whose client disconnected. */
const CLIENT_LEFT = 499;

/** Counts the requests in flight, reports each to the metrics, and refuses new ones while the server drains. */
export class ServerState {
  #draining = false;
  #inFlight = 0;
  #whenIdle: (() => void)[] = [];

  /** Whether the server is about to end. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Refuses new requests and waits for those in flight. */
  async drain(): Promise<void> {
    this.#draining = true;
    while (this.#inFlight > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Follows the requests of a server. */
  follow(app: FastifyInstance, metrics: ServeMetrics): void {
    app.addHook("onRequest", async (request, reply) => this.#begin(request, reply, metrics));
  }

  #begin(request: FastifyRequest, reply: FastifyReply, metrics: ServeMetrics): FastifyReply | undefined {
    const start = performance.now();
    const route = request.routeOptions.url ?? "none";
    const refused = this.#draining && !ALWAYS.includes(route);
    if (!refused) this.#inFlight++;
    reply.raw.once("close", () => {
      const status = reply.raw.writableFinished ? reply.statusCode : CLIENT_LEFT;
      metrics.request(route, status, (performance.now() - start) / 1000);
      if (refused) return;
      this.#inFlight--;
      if (this.#inFlight > 0) return;
      const waiting = this.#whenIdle;
      this.#whenIdle = [];
      for (const resolve of waiting) resolve();
    });
    if (!refused) return undefined;
    const headers = { connection: "close", "retry-after": "1" };
    return sendError(
      reply,
      new ServeError(503, "Unhealthy", "the server is ending. Send the request to another one.", headers),
    );
  }
}
