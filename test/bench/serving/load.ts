import { Agent, request } from "undici";

/** A load on one server. */
export interface Load {
  readonly url: string;
  readonly clients: number;
  /** Milliseconds after which no request is sent any more. */
  readonly duration: number;
  /** The body of each request in turn. */
  readonly body: (index: number) => object;
  /** Number of the first request. @default 0 */
  readonly first?: number;
}

/** The result of a load. */
export interface LoadResult {
  readonly texts: number;
  readonly textsPerSecond: number;
  /** Milliseconds to an answer. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Answers other than 200, by status or fault. */
  readonly unexpected: Readonly<Record<string, number>>;
}

/** Sends one request after the other from each client, and measures the time to each answer. */
export async function drive({ url, clients, duration, body, first = 0 }: Load): Promise<LoadResult> {
  const agent = new Agent({ connections: clients, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const times: number[] = [];
  const unexpected: Record<string, number> = {};
  let next = first;
  const began = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - began < duration) {
      const at = performance.now();
      const fault = await ask(url, agent, body(next++));
      if (fault === undefined) times.push(performance.now() - at);
      else unexpected[fault] = (unexpected[fault] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - began) / 1000;
  await agent.close();
  times.sort((a, b) => a - b);
  const percentile = (share: number): number => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
  return {
    texts: times.length,
    textsPerSecond: times.length / seconds,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    unexpected,
  };
}

/** Sends one request. Returns the status if it is not 200, or the fault. */
async function ask(url: string, dispatcher: Agent, body: object): Promise<string | undefined> {
  try {
    const answer = await request(url, {
      method: "POST",
      dispatcher,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await answer.body.text();
    return answer.statusCode === 200 ? undefined : String(answer.statusCode);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
