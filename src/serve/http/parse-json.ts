import type { FastifyInstance } from "fastify";

import { ServeError } from "../serve-error";

/** Parses bodies of JSON in UTF-8, without keys that change prototypes. */
export function parseJsonBodies(app: FastifyInstance): void {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body: Buffer, done) => {
    let text: string;
    try {
      text = decoder.decode(body);
    } catch {
      done(new ServeError(422, "Validation", "the body must be UTF-8; it has invalid bytes."));
      return;
    }
    try {
      done(
        null,
        JSON.parse(text, (key, value: unknown) => (key === "__proto__" ? undefined : value)),
      );
    } catch {
      done(new ServeError(422, "Validation", "the body must be JSON; it cannot be parsed."));
    }
  });
}
