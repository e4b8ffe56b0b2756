import { join } from "node:path";

import { TsloraError } from "../../base/tslora-error";
import { efetch } from "./efetch";
import type { PubmedRecord } from "./parse-pubmed-xml";
import { writePubmedCache, type PubmedResult } from "./pubmed-cache";
import { resolveFetchOptions, type FetchPubmedOptions, type FetchSettings } from "./pubmed-options";
import { RateLimiter, systemClock } from "./rate-limiter";
import { RecordCache } from "./record-cache";
import { retryDelay } from "./retry-delay";

/** Progress of a fetch. */
export type PubmedEvent =
  /** The number of records to fetch, and of those in the cache of an earlier fetch. */
  | {
      readonly kind: "start";
      readonly host: string;
      readonly total: number;
      readonly cached: number;
      readonly batches: number;
    }
  /** A batch arrived: `records` of `total` are in the cache now. */
  | {
      readonly kind: "batch";
      readonly batch: number;
      readonly batches: number;
      readonly records: number;
      readonly total: number;
    }
  /** A request failed and is made again after `waitMs` milliseconds. */
  | { readonly kind: "retry"; readonly failed: number; readonly waitMs: number; readonly reason: string }
  /** Missing records are requested once more before they count as vanished. */
  | { readonly kind: "ask-again"; readonly pmids: readonly string[] };

/**
 * Fetches abstracts from PubMed with NCBI's efetch and writes them as `Dataset.zip` in the study's format.
 *
 * Requests records in batches by POST, within NCBI's rate limit. Retries a request with exponential backoff if the host
 * is busy, the connection breaks or the response is incomplete. Saves each batch as it arrives: a stopped fetch
 * continues from there. The result lists records that PubMed no longer has, that have no abstract, or that were
 * retracted.
 *
 * @returns (as the generator's return value) the archive's path, and the result for every requested record
 * @throws TsloraError `bad-option`; `unreachable` if the host does not answer, refuses, or fails at every try;
 * `aborted` by the signal; `bad-input` if a class has no abstract.
 */
export async function* fetchPubmed(options: FetchPubmedOptions): AsyncGenerator<PubmedEvent, PubmedResult, undefined> {
  const settings = resolveFetchOptions(options);
  const { pmids, batchSize, cacheDir } = settings;
  const cache = new RecordCache(join(cacheDir, "pubmed"));
  const requested = new Set(pmids.map(({ pmid }) => pmid));
  const records = await cache.read();
  for (const pmid of records.keys()) if (!requested.has(pmid)) records.delete(pmid); // cached for another list
  const limiter = new RateLimiter(settings.requestsPerSecond);
  const unrequested: string[] = [];

  const missing = (): string[] => [...requested].filter((pmid) => !records.has(pmid));
  const batches = Math.ceil(missing().length / batchSize);
  yield {
    kind: "start",
    host: new URL(settings.request.baseUrl).host,
    total: requested.size,
    cached: records.size,
    batches,
  };
  for (const round of [1, 2]) {
    const due = missing();
    if (due.length === 0) break;
    if (round === 2) yield { kind: "ask-again", pmids: due };
    const rounds = Math.ceil(due.length / batchSize);
    for (let batch = 1; batch <= rounds; batch++) {
      const received = yield* fetchBatch(due.slice((batch - 1) * batchSize, batch * batchSize), settings, limiter);
      const wanted = received.filter(({ pmid }) => requested.has(pmid));
      await cache.add(wanted);
      for (const record of wanted) records.set(record.pmid, record);
      unrequested.push(...received.filter(({ pmid }) => !requested.has(pmid)).map(({ pmid }) => pmid));
      yield { kind: "batch", batch, batches: rounds, records: records.size, total: requested.size };
    }
  }
  const result = await writePubmedCache({
    cacheDir,
    pmids,
    records,
    retracted: settings.retracted,
    unasked: unrequested,
  });
  await cache.clear();
  return result;
}

async function* fetchBatch(
  pmids: readonly string[],
  settings: FetchSettings,
  limiter: RateLimiter,
): AsyncGenerator<PubmedEvent, readonly PubmedRecord[], undefined> {
  const { request, maxTries, backoffMs, maxWaitMs, signal } = settings;
  for (let failed = 1; ; failed++) {
    await stoppable(limiter.turn(signal));
    const answer = await efetch({ ...request, pmids });
    if (answer.kind === "records") return answer.records;
    const waitMs = retryDelay({
      failed,
      backoffMs,
      retryAfter: answer.retryAfter,
      now: Date.now(),
      jitter: Math.random(),
    });
    if (failed === maxTries || waitMs > maxWaitMs) {
      const why =
        failed === maxTries ? `${maxTries} tries failed` : `it asks for a wait of ${Math.ceil(waitMs / 1000)} s`;
      throw new TsloraError(
        "unreachable",
        `${request.baseUrl}: ${why}, the last with: ${answer.reason}. The received records are kept: try again later to continue from there.`,
        { details: { reason: answer.reason } },
      );
    }
    yield { kind: "retry", failed, waitMs, reason: answer.reason };
    await stoppable(systemClock.sleep(waitMs, signal));
  }
}

/** Waits. Converts an abort to a TsloraError. */
async function stoppable(wait: Promise<void>): Promise<void> {
  await wait.catch((error: unknown) => {
    throw new TsloraError(
      "aborted",
      "The fetch from PubMed was stopped. The received records are kept: the next fetch continues from there.",
      { cause: error },
    );
  });
}
