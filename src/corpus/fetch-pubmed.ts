import { join } from "node:path";

import { Problems } from "../base/problems";
import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { efetch, type EfetchRequest } from "./efetch";
import type { PubmedRecord } from "./parse-pubmed-xml";
import { RateLimiter, systemClock } from "./rate-limiter";
import type { LabelledPmid } from "./read-pmids";
import { RecordCache } from "./record-cache";
import { retryDelay } from "./retry-delay";
import { writePubmedCache, type PubmedResult } from "./pubmed-cache";

/** How to fetch records from PubMed. */
export interface FetchPubmedOptions {
  /** The records to fetch, with their classes. */
  readonly pmids: readonly LabelledPmid[];
  /** Where `Dataset.zip` is written and where records are kept on the way. @default `.tslora/data` in the clone */
  readonly cacheDir?: string;
  /** Your e-mail address, by which NCBI reaches you before it blocks you. @default the environment's NCBI_EMAIL, or none */
  readonly email?: string;
  /** Your NCBI API key, which allows 10 requests a second. @default the environment's NCBI_API_KEY, or none */
  readonly apiKey?: string;
  /** The name by which NCBI knows the asking program. @default "tslora" */
  readonly tool?: string;
  /** Where the E-utilities are. @default the environment's TSLORA_EUTILS, or NCBI's own address */
  readonly baseUrl?: string;
  /** Whether records that were retracted stay in; the result names them either way. @default "keep", as the study's split counts on all */
  readonly retracted?: "keep" | "leave-out";
  /** Records asked for in one request, 1 to 200. @default 200 */
  readonly batchSize?: number;
  /** Requests a second, at most. @default 3; 10 with an API key */
  readonly requestsPerSecond?: number;
  /** Tries of each request before the fetch gives up. @default 6 */
  readonly maxTries?: number;
  /** The wait after a first failure, in milliseconds; it doubles with each. @default 1000 */
  readonly backoffMs?: number;
  /** The longest wait that is put up with between two tries, in milliseconds. @default 120000 */
  readonly maxWaitMs?: number;
  /** How long one answer may take, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** Stops the fetch. What has come is kept. */
  readonly signal?: AbortSignal;
}

/** What a fetch tells on its way. */
export type PubmedEvent =
  /** How much there is to do, and what an earlier fetch left. */
  | { readonly kind: "start"; readonly host: string; readonly total: number; readonly cached: number; readonly batches: number }
  /** A batch came: `records` of `total` are there now. */
  | { readonly kind: "batch"; readonly batch: number; readonly batches: number; readonly records: number; readonly total: number }
  /** A request failed and is made again after `waitMs` milliseconds. */
  | { readonly kind: "retry"; readonly failed: number; readonly waitMs: number; readonly reason: string }
  /** Records that did not come are asked for once more, before they count as vanished. */
  | { readonly kind: "ask-again"; readonly pmids: readonly string[] };

export const EUTILS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils";

/**
 * Fetches abstracts from PubMed by NCBI's efetch and writes them as `Dataset.zip` in the study's format.
 *
 * Records are asked for in batches by POST, within NCBI's rate limit, each request again with a growing wait where the
 * host is busy, the connection breaks or the answer is cut off. Each batch is kept as it comes, so that a fetch that
 * was stopped goes on where it stood. Records that PubMed no longer has, that have no abstract or were retracted are
 * named in the result.
 *
 * @returns (as the generator's return value) where the archive lies, and what became of every record asked for
 * @throws TsloraError `bad-option`; `unreachable` where the host does not answer, refuses, or fails at every try;
 * `aborted` by the signal; `bad-input` where a class has no abstract at all.
 */
export async function* fetchPubmed(options: FetchPubmedOptions): AsyncGenerator<PubmedEvent, PubmedResult, undefined> {
  const settings = resolve(options);
  const { pmids, batchSize, cacheDir } = settings;
  const cache = new RecordCache(join(cacheDir, "pubmed"));
  const asked = new Set(pmids.map(({ pmid }) => pmid));
  const records = await cache.read();
  for (const pmid of records.keys()) if (!asked.has(pmid)) records.delete(pmid); // of another list
  const limiter = new RateLimiter(settings.requestsPerSecond);
  const unasked: string[] = [];

  const lacking = (): string[] => [...asked].filter((pmid) => !records.has(pmid));
  const batches = Math.ceil(lacking().length / batchSize);
  yield { kind: "start", host: new URL(settings.request.baseUrl).host, total: asked.size, cached: records.size, batches };
  for (const round of [1, 2]) {
    const open = lacking();
    if (open.length === 0) break;
    if (round === 2) yield { kind: "ask-again", pmids: open };
    const rounds = Math.ceil(open.length / batchSize);
    for (let batch = 1; batch <= rounds; batch++) {
      const came = yield* fetchBatch(open.slice((batch - 1) * batchSize, batch * batchSize), settings, limiter);
      const wanted = came.filter(({ pmid }) => asked.has(pmid));
      await cache.add(wanted);
      for (const record of wanted) records.set(record.pmid, record);
      unasked.push(...came.filter(({ pmid }) => !asked.has(pmid)).map(({ pmid }) => pmid));
      yield { kind: "batch", batch, batches: rounds, records: records.size, total: asked.size };
    }
  }
  const result = await writePubmedCache({ cacheDir, pmids, records, retracted: settings.retracted, unasked });
  await cache.clear();
  return result;
}

async function* fetchBatch(pmids: readonly string[], settings: Settings, limiter: RateLimiter): AsyncGenerator<PubmedEvent, readonly PubmedRecord[], undefined> {
  const { request, maxTries, backoffMs, maxWaitMs, signal } = settings;
  for (let failed = 1; ; failed++) {
    await stoppable(limiter.turn(signal));
    const answer = await efetch({ ...request, pmids });
    if (answer.kind === "records") return answer.records;
    const waitMs = retryDelay({ failed, backoffMs, retryAfter: answer.retryAfter, now: Date.now(), jitter: Math.random() });
    if (failed === maxTries || waitMs > maxWaitMs) {
      const why = failed === maxTries ? `${maxTries} tries failed` : `it asks for a wait of ${Math.ceil(waitMs / 1000)} s`;
      throw new TsloraError("unreachable", `${request.baseUrl}: ${why}, the last with: ${answer.reason}. What has come is kept: try again later, and it goes on from there.`, { details: { reason: answer.reason } });
    }
    yield { kind: "retry", failed, waitMs, reason: answer.reason };
    await stoppable(systemClock.sleep(waitMs, signal));
  }
}

/** Waits, and says an abort in the project's words. */
async function stoppable(wait: Promise<void>): Promise<void> {
  await wait.catch((error: unknown) => {
    throw new TsloraError("aborted", "The fetch from PubMed was stopped. What has come is kept: the next one goes on from there.", { cause: error });
  });
}

interface Settings {
  readonly pmids: readonly LabelledPmid[];
  readonly cacheDir: string;
  readonly retracted: "keep" | "leave-out";
  readonly batchSize: number;
  readonly requestsPerSecond: number;
  readonly maxTries: number;
  readonly backoffMs: number;
  readonly maxWaitMs: number;
  readonly signal?: AbortSignal;
  readonly request: Omit<EfetchRequest, "pmids">;
}

function resolve(options: FetchPubmedOptions): Settings {
  const { pmids, batchSize = 200, maxTries = 6, backoffMs = 1000, maxWaitMs = 120_000, timeoutMs = 60_000, retracted = "keep", signal } = options;
  const apiKey = options.apiKey ?? (process.env.NCBI_API_KEY || undefined);
  const email = options.email ?? (process.env.NCBI_EMAIL || undefined);
  const baseUrl = (options.baseUrl ?? (process.env.TSLORA_EUTILS || EUTILS)).replace(/\/+$/, "");
  const requestsPerSecond = options.requestsPerSecond ?? (apiKey === undefined ? 3 : 10);
  const problems = new Problems("fetchPubmed");
  problems.expect(pmids.length > 0, "pmids: expected one at least, got none");
  for (const { pmid } of pmids.filter((entry) => !/^\d+$/.test(entry.pmid))) problems.expect(false, `pmids: expected digits, got ${JSON.stringify(pmid)}`);
  problems.expect(new Set(pmids.map(({ pmid }) => pmid)).size === pmids.length, "pmids: expected each once, got some twice");
  problems.expect(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 200, `batchSize: expected a whole number from 1 to 200, got ${batchSize}`);
  problems.expect(Number.isInteger(maxTries) && maxTries >= 1, `maxTries: expected a whole number from 1, got ${maxTries}`);
  for (const [name, value] of Object.entries({ requestsPerSecond, timeoutMs })) problems.expect(value > 0, `${name}: expected a number above 0, got ${value}`);
  for (const [name, value] of Object.entries({ backoffMs, maxWaitMs })) problems.expect(value >= 0, `${name}: expected a number from 0, got ${value}`);
  problems.expect(email === undefined || /^\S+@\S+$/.test(email), `email: expected an address, got ${JSON.stringify(email)}`);
  problems.expect(/^https?:\/\/./.test(baseUrl) && URL.canParse(baseUrl), `baseUrl: expected an http or https address, got ${JSON.stringify(baseUrl)}`);
  problems.throwIfAny();
  return {
    ...{ pmids, batchSize, maxTries, backoffMs, maxWaitMs, retracted, signal, requestsPerSecond },
    cacheDir: options.cacheDir ?? join(projectRoot(), ".tslora", "data"),
    request: { baseUrl, tool: options.tool ?? "tslora", email, apiKey, timeoutMs, signal },
  };
}
