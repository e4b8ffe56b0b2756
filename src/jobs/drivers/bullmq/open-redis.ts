import type { RedisOptions } from "bullmq";
import { Redis } from "ioredis";

import { TsloraError } from "../../../base/tslora-error";
import { redisUrl, withoutLogin, type RedisUrl } from "./redis-url";

/** Milliseconds within which a Redis must answer the first time. */
const REACH = 5000;
/** The longest pause between two tries to reach a Redis again, in milliseconds. */
const LONGEST_PAUSE = 2000;

/** A Redis that answered. */
export interface RedisLogin {
  readonly url: RedisUrl;
  /** Options of its connections: they wait for a Redis that is away, and find it when it is back. */
  readonly connection: RedisOptions;
  /** A text without the login. */
  readonly safe: (error: unknown) => string;
}

/**
 * Checks that a Redis answers and takes the login.
 *
 * @throws TsloraError `bad-option` if the text is no URL of a Redis or the login is refused, `unreachable` if it does
 *   not answer. No message holds the login.
 */
export async function openRedis(text: string): Promise<RedisLogin> {
  const url = redisUrl(text);
  if (url === undefined)
    throw new TsloraError("bad-option", "redis must be redis://[user:password@]host[:port][/database] or rediss://….");
  // other users see the arguments of this process, but not its title
  if (url.password !== undefined && process.argv.some((argument) => argument.includes(text))) process.title = "tslora";
  const safe = (error: unknown): string => withoutLogin(error instanceof Error ? error.message : String(error), url);
  const { host, port, db, username, password } = url;
  const options: RedisOptions = {
    ...{ host, port, db, username, password, maxRetriesPerRequest: null },
    ...(url.tls ? { tls: { servername: host } } : {}),
  };
  const probe = new Redis({ ...options, lazyConnect: true, connectTimeout: REACH, retryStrategy: () => null });
  let last: unknown;
  probe.on("error", (error: unknown) => (last = error));
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    const why = safe(last ?? error);
    const refused = /NOAUTH|WRONGPASS|NOPERM/.test(`${why} ${safe(error)}`);
    throw new TsloraError(
      refused ? "bad-option" : "unreachable",
      refused
        ? `Redis at ${url.shown} refuses the login (${why}). Check user and password in its URL.`
        : `Redis at ${url.shown} does not answer (${why}). Check that it runs, and its host, port and TLS.`,
    );
  } finally {
    probe.disconnect();
  }
  return { url, connection: { ...options, retryStrategy: (times) => Math.min(100 * times, LONGEST_PAUSE) }, safe };
}
