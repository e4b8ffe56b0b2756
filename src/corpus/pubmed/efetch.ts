import { httpFetch } from "../../base/http";
import { TsloraError } from "../../base/tslora-error";
import { decodeUtf8 } from "../files/decode-utf8";
import { parsePubmedXml, type PubmedRecord } from "./parse-pubmed-xml";

/** One request to efetch. */
export interface EfetchRequest {
  /** The address of the E-utilities, without a slash at the end. */
  readonly baseUrl: string;
  readonly pmids: readonly string[];
  readonly tool: string;
  readonly email?: string;
  readonly apiKey?: string;
  /** Time limit for the whole response, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Result of one request: records, or a fault that may be temporary. */
export type EfetchAnswer =
  | { readonly kind: "records"; readonly records: readonly PubmedRecord[] }
  | { readonly kind: "fault"; readonly reason: string; readonly retryAfter?: string | null };

/**
 * Requests a batch of records from efetch once. Status 408, 429 and 5xx, broken connections, and incomplete or invalid
 * XML are faults that may be temporary.
 *
 * @throws TsloraError `unreachable` if the host does not answer or refuses (any other 4xx), `aborted` by the signal.
 */
export async function efetch({
  baseUrl,
  pmids,
  tool,
  email,
  apiKey,
  timeoutMs,
  signal,
}: EfetchRequest): Promise<EfetchAnswer> {
  const form = new URLSearchParams({ db: "pubmed", retmode: "xml", id: pmids.join(","), tool });
  if (email !== undefined) form.set("email", email);
  if (apiKey !== undefined) form.set("api_key", apiKey);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await httpFetch(`${baseUrl}/efetch.fcgi`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const text = decodeUtf8(bytes);
    const status = `HTTP ${answer.status}${answer.statusText === "" ? "" : ` ${answer.statusText}`}`;
    if (answer.status === 408 || answer.status === 429 || answer.status >= 500)
      return { kind: "fault", reason: status, retryAfter: answer.headers.get("retry-after") };
    // efetch responds so if it has none of the records.
    if (answer.status === 400 && /ID list is empty/i.test(text ?? "")) return { kind: "records", records: [] };
    if (!answer.ok)
      throw new TsloraError(
        "unreachable",
        `${baseUrl} refuses to answer: ${status} ${(text ?? "").replace(/\s+/g, " ").trim().slice(0, 200)}`,
        { details: { status: answer.status } },
      );
    if (text === undefined) return { kind: "fault", reason: "an answer that is not UTF-8" };
    return { kind: "records", records: parsePubmedXml(text) };
  } catch (error) {
    if (signal?.aborted === true)
      throw new TsloraError(
        "aborted",
        "The fetch from PubMed was stopped. The received records are kept: the next fetch continues from there.",
        { cause: error },
      );
    if (error instanceof TsloraError && error.code !== "bad-input") throw error;
    if (timeout.aborted) return { kind: "fault", reason: `no whole answer in ${timeoutMs / 1000} s` };
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { kind: "fault", reason: cause instanceof Error ? cause.message : String(cause) };
  }
}
