import { Agent, EnvHttpProxyAgent, fetch, type Dispatcher, type RequestInit, type Response } from "undici";

import { TsloraError } from "./tslora-error";

/** Milliseconds within which a host must answer the first request to it. */
export const REACH_MS = 5000;

let agent: Dispatcher | undefined;
const verdicts = new Map<string, Promise<void>>(); // by origin: running checks, and those that succeeded

/**
 * `fetch` for all network requests of tslora. Uses the environment's proxies. Before the first request to a host,
 * checks within {@link REACH_MS} whether it can be reached. A host that cannot be reached is checked again at the next
 * request.
 *
 * @throws TsloraError `unreachable` when the host does not answer (any HTTP status counts as an answer).
 */
export async function httpFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const { origin } = new URL(url);
  await (verdicts.get(origin) ?? check(origin));
  return fetch(url, { ...init, dispatcher: dispatcher() });
}

/**
 * `fetch` through the environment's proxies, without the check of {@link httpFetch}: for callers that retry.
 *
 * @throws the error of `fetch` if the host does not answer
 */
export async function plainFetch(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, dispatcher: dispatcher() });
}

/** Forgets which hosts can be reached; for tests, which start servers meanwhile. */
export function forgetHosts(): void {
  verdicts.clear();
}

/** Uses the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, if the environment sets any. */
function dispatcher(): Dispatcher {
  const proxied = ["http_proxy", "https_proxy"].some(
    (name) => (process.env[name] ?? process.env[name.toUpperCase()] ?? "") !== "",
  );
  agent ??= proxied
    ? new EnvHttpProxyAgent({ connect: { timeout: REACH_MS } })
    : new Agent({ connect: { timeout: REACH_MS } });
  return agent;
}

/** Checks a host once for all requests that wait for it meanwhile. A failure is not kept. */
function check(origin: string): Promise<void> {
  const verdict = reach(origin);
  verdicts.set(origin, verdict);
  verdict.catch(() => {
    if (verdicts.get(origin) === verdict) verdicts.delete(origin);
  });
  return verdict;
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
      `${origin} cannot be reached (${why}). Check the network, or HTTPS_PROXY if a proxy is needed.`,
      { cause: error, details: { origin } },
    );
  }
}
