import type { FastifyInstance } from "fastify";

import type { ServedAdapters } from "../served-adapters";
import { expectAdmin } from "./admin-token";
import { ADAPTER_BODY, ADAPTER_INFO, ADAPTER_PATH, errorAnswers } from "./schemas";
import { adapterInfo } from "./state-routes";

interface AdapterPath {
  readonly Params: { readonly name: string };
}

/** Parts that the routes need. */
export interface AdapterRouteParts {
  readonly adapters: ServedAdapters;
  /** The token that requests need; undefined if adapters cannot be changed. */
  readonly token: string | undefined;
  readonly onNotice: (text: string) => void;
}

const ANSWERS = {
  403: "The admin token is missing or wrong, or the folder is not allowed",
  404: "The server has no admin token, or there is no such adapter",
  409: "There is an adapter of this name, or it is being loaded or removed",
  422: "The name is invalid, or the folder's adapter does not fit the model",
  424: "The model's process failed",
  503: "The server is draining, or the model is being loaded again; Retry-After has the seconds to wait",
};

/** Adds `PUT /adapters/{name}` and `DELETE /adapters/{name}`. */
export function adapterRoutes(app: FastifyInstance, { adapters, token, onNotice }: AdapterRouteParts): void {
  const shared = { params: ADAPTER_PATH, tags: ["adapters"], security: [{ admin: [] }] };
  const onRequest = (request: { headers: { authorization?: string } }, _reply: unknown, done: () => void): void => {
    expectAdmin(request.headers.authorization, token);
    done();
  };
  app.put<AdapterPath & { readonly Body: { readonly folder: string } }>(
    "/adapters/:name",
    {
      onRequest,
      schema: {
        ...shared,
        summary: "Add an adapter",
        body: ADAPTER_BODY,
        response: { 201: { ...ADAPTER_INFO, description: "It is added" }, ...errorAnswers(ANSWERS) },
      },
    },
    async ({ params, body }, reply) => {
      const added = await adapters.addFrom(params.name, body.folder);
      onNotice(`Adapter ${added.name} was added.`);
      return reply.code(201).send(adapterInfo(added));
    },
  );
  app.delete<AdapterPath>(
    "/adapters/:name",
    {
      onRequest,
      schema: {
        ...shared,
        summary: "Remove an adapter once its requests are answered",
        response: { 204: { type: "null", description: "It is removed" }, ...errorAnswers(ANSWERS) },
      },
    },
    async ({ params }, reply) => {
      await adapters.remove(params.name);
      onNotice(`Adapter ${params.name} was removed.`);
      return reply.code(204).send();
    },
  );
}
