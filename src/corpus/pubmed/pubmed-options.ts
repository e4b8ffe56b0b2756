import { join } from "node:path";

import { Problems } from "../../base/problems";
import { setUpFolder } from "../../base/places";
import type { EfetchRequest } from "./efetch";
import type { LabelledPmid } from "./read-pmids";

/** NCBI's E-utilities. */
export const EUTILS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils";

/** Options for fetching records from PubMed. */
export interface FetchPubmedOptions {
  /** The records to fetch, with their classes. */
  readonly pmids: readonly LabelledPmid[];
  /** The folder for `Dataset.zip` and for the received records. @default `.tslora/data` in the clone or project */
  readonly cacheDir?: string;
  /**
   * Your e-mail address, with which NCBI can contact you before it blocks you.
   * @default the environment's NCBI_EMAIL, or none
   */
  readonly email?: string;
  /** Your NCBI API key, which allows 10 requests a second. @default the environment's NCBI_API_KEY, or none */
  readonly apiKey?: string;
  /** The program's name in requests to NCBI. @default "tslora" */
  readonly tool?: string;
  /** The address of the E-utilities. @default the environment's TSLORA_EUTILS, or NCBI's own address */
  readonly baseUrl?: string;
  /**
   * Whether retracted records are kept; the result lists them in both cases.
   * @default "keep", since the study's split uses all records
   */
  readonly retracted?: "keep" | "leave-out";
  /** Number of records in one request, 1 to 200. @default 200 */
  readonly batchSize?: number;
  /** The most requests per second. @default 3; 10 with an API key */
  readonly requestsPerSecond?: number;
  /** Tries of each request before the fetch gives up. @default 6 */
  readonly maxTries?: number;
  /** The wait after the first failure, in milliseconds; it doubles with each failure. @default 1000 */
  readonly backoffMs?: number;
  /** The longest wait between two tries, in milliseconds. @default 120000 */
  readonly maxWaitMs?: number;
  /** Time limit for one response, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** Stops the fetch. The received records are kept. */
  readonly signal?: AbortSignal;
}

/** The options with all defaults filled in. Internal to this room. */
export interface FetchSettings {
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

/** Fills in the defaults and checks the options. */
export function resolveFetchOptions(options: FetchPubmedOptions): FetchSettings {
  const {
    pmids,
    batchSize = 200,
    maxTries = 6,
    backoffMs = 1000,
    maxWaitMs = 120_000,
    timeoutMs = 60_000,
    retracted = "keep",
    signal,
  } = options;
  const apiKey = options.apiKey ?? (process.env.NCBI_API_KEY || undefined);
  const email = options.email ?? (process.env.NCBI_EMAIL || undefined);
  const baseUrl = (options.baseUrl ?? (process.env.TSLORA_EUTILS || EUTILS)).replace(/\/+$/, "");
  const requestsPerSecond = options.requestsPerSecond ?? (apiKey === undefined ? 3 : 10);
  const problems = new Problems("fetchPubmed");
  problems.expect(pmids.length > 0, "pmids must have at least one; got none");
  for (const { pmid } of pmids.filter((entry) => !/^\d+$/.test(entry.pmid)))
    problems.expect(false, `pmids must be digits; got ${JSON.stringify(pmid)}`);
  problems.expect(
    new Set(pmids.map(({ pmid }) => pmid)).size === pmids.length,
    "pmids must differ; some are given twice",
  );
  problems.expect(
    Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 200,
    `batchSize must be a whole number from 1 to 200; got ${batchSize}`,
  );
  problems.expect(
    Number.isInteger(maxTries) && maxTries >= 1,
    `maxTries must be a whole number from 1; got ${maxTries}`,
  );
  for (const [name, value] of Object.entries({ requestsPerSecond, timeoutMs }))
    problems.expect(value > 0, `${name} must be above 0; got ${value}`);
  for (const [name, value] of Object.entries({ backoffMs, maxWaitMs }))
    problems.expect(value >= 0, `${name} must be a number from 0; got ${value}`);
  problems.expect(
    ["keep", "leave-out"].includes(retracted),
    `retracted must be "keep" or "leave-out"; got ${JSON.stringify(retracted)}`,
  );
  problems.expect(
    email === undefined || /^\S+@\S+$/.test(email),
    `email must be an address; got ${JSON.stringify(email)}`,
  );
  problems.expect(
    /^https?:\/\/./.test(baseUrl) && URL.canParse(baseUrl),
    `baseUrl must be an http or https address; got ${JSON.stringify(baseUrl)}`,
  );
  problems.throwIfAny();
  return {
    ...{ pmids, batchSize, maxTries, backoffMs, maxWaitMs, retracted, signal, requestsPerSecond },
    cacheDir: options.cacheDir ?? join(setUpFolder(), "data"),
    request: { baseUrl, tool: options.tool ?? "tslora", email, apiKey, timeoutMs, signal },
  };
}
