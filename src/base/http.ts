import { Agent, EnvHttpProxyAgent, fetch, type Dispatcher, type RequestInit, type Response } from "undici";

import { TsloraError } from "./tslora-error";

/** Milliseconds that a host has to answer its first request of a run. */
export const REACH_MS = 5000;

let agent: Dispatcher | undefined;
const verdicts = new Map<string, Promise<void>>(); // by origin: asked once a run

/**
 * `fetch` for everything that tslora asks of the network: honours the environment's proxies, and decides once a run
 * and within {@link REACH_MS} whether a host can be reached, so that no second request waits for a dead one.
 *
 * @throws TsloraError `unreachable` when the host does not answer (any HTTP status counts as an answer).
 */
export async function httpFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const { origin } = new URL(url);
  let verdict = verdicts.get(origin);
  if (verdict === undefined) {
    verdict = reach(origin);
    verdicts.set(origin, verdict);
    verdict.catch(() => undefined); // every caller below sees it; an unasked one must not crash the process
  }
  await verdict;
  return fetch(url, { ...init, dispatcher: dispatcher() });
}

/** Forgets what is known of hosts; for tests, which start servers as they go. */
export function forgetHosts(): void {
  verdicts.clear();
}

/** Goes through the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, where the environment names any. */
function dispatcher(): Dispatcher {
  const proxied = ["http_proxy", "https_proxy"].some(
    (name) => (process.env[name] ?? process.env[name.toUpperCase()] ?? "") !== "",
  );
  agent ??= proxied
    ? new EnvHttpProxyAgent({ connect: { timeout: REACH_MS } })
    : new Agent({ connect: { timeout: REACH_MS } });
  return agent;
}

async function reach(origin: string): Promise<void> {
  try {
    const answer = await fetch(origin, {
      method: "HEAD",
      redirect: "manual",
      dispatcher: dispatcher(),
      signal: AbortSignal.timeout(REACH_MS),
    });
    await answer.body?.cancel();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TsloraError(
      "unreachable",
      `${origin} cannot be reached (${why}). Check the network, or HTTPS_PROXY where one is needed.`,
      { cause: error, details: { origin } },
    );
  }
}
