import { createHash, timingSafeEqual } from "node:crypto";

import { ServeError } from "../serve-error";

/**
 * Checks the token of a request that changes the server. The comparison takes as long for any token.
 *
 * @throws ServeError 404 if the server has no token, 403 if the request's is missing or wrong
 */
export function expectAdmin(authorization: string | undefined, token: string | undefined): void {
  if (token === undefined) throw new ServeError(404, "NotFound", "there is no such route.");
  const given = /^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? "";
  if (!timingSafeEqual(digest(given), digest(token)))
    throw new ServeError(403, "Forbidden", "the admin token is missing or wrong: send Authorization: Bearer TOKEN.");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
