import { debugLog } from "../base/debug-log";
import { httpFetch } from "../base/http";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { readRefusal } from "./hub-problem";
import type { HubSettings } from "./hub-settings";
import { expectSendable } from "./hub-token";
import { isTransient, PATIENCE_MS, pauseAfter, pauseFor, type Pause } from "./retry-pause";
import { withoutQuery } from "./without-query";

/** Progress of a download. */
export interface DownloadProgress {
  readonly file: string;
  readonly bytes: number;
  readonly total: number | undefined;
  /** A sentence with the reason, when a wait begins; undefined while bytes are received. */
  readonly waiting?: string;
}

/** Settings and listeners of a download. */
export interface FetchOptions extends HubSettings {
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; the received part is kept. */
  readonly signal?: AbortSignal;
  /** Waits; tests replace it. */
  readonly pause?: Pause;
}

/** A file's metadata, which the Hub sends before the file. */
export interface RemoteFile {
  /** The address of the bytes, on the Hub or a storage server. */
  readonly address: string;
  readonly commit: string;
  /** A sha256 for large files, git's hash for small ones. */
  readonly etag: string;
  readonly size: number | undefined;
}

/** Headers of an answer. */
interface Headers {
  get(name: string): string | null;
}

/** An answer without its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

const debug = debugLog("hub");
const REDIRECTS = 5;
/** Attempts to request a file. */
export const ATTEMPTS = 4;
export const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Requests a file's commit, checksum and address, without its bytes; follows redirects within the Hub. Repeats a
 * request after 429 and 5xx.
 *
 * @param url - the file's address
 * @param of.id - the repository, for messages
 * @param of.file - the file, for progress
 * @returns undefined if the repository has no such file
 */
export async function askForFile(
  url: string,
  { id, file, options }: { id: string; file: string; options: FetchOptions },
): Promise<RemoteFile | undefined> {
  let address = url;
  for (let i = 0; i < REDIRECTS; i++) {
    const { status, headers } = await head(address, { url, file, options });
    const code = headers.get("x-error-code") ?? undefined;
    if (status === 404 && code !== "RepoNotFound" && code !== "RevisionNotFound") return undefined;
    if (status === 401 || status === 403 || status === 404) {
      const message = headers.get("x-error-message") ?? undefined;
      throw readRefusal(url, { status, code, message }, { id, settings: options });
    }
    if (status >= 400) throw new TsloraError("unreachable", `${url} answers ${status}. Try again later.`);
    const found = remoteFile(headers, { url, address });
    if (found !== undefined) return found;
    const location = headers.get("location");
    if (location === null)
      throw new TsloraError(
        "bad-input",
        `${url} must answer as the Hub does, with x-repo-commit and etag; it does not. Is HF_ENDPOINT right?`,
      );
    address = redirected(location, { url, address });
  }
  throw new TsloraError("bad-input", `${url} redirects more than ${REDIRECTS} times.`);
}

async function head(address: string, from: { url: string; file: string; options: FetchOptions }): Promise<Answer> {
  const { url, file, options } = from;
  for (let attempt = 1; ; attempt++) {
    const answer = await headOnce(address, { url, options });
    if (!isTransient(answer.status)) return answer;
    await waitAfter(answer, { what: url, attempt, progress: { file, bytes: 0, total: undefined }, options });
  }
}

/**
 * Waits before another attempt, after an answer that may be another one later, such as 429 or 503.
 *
 * @param of.what - the file or its address, for messages
 * @throws TsloraError `unreachable` with the status, if this was the last attempt or the wait would be too long;
 *   `aborted`
 */
export async function waitAfter(
  { status, headers }: Answer,
  of: { what: string; attempt: number; progress: DownloadProgress; options: FetchOptions },
): Promise<void> {
  const { what, attempt, progress, options } = of;
  const { pause = pauseFor, signal = new AbortController().signal, onProgress } = options;
  const ms = pauseAfter(attempt, headers.get("retry-after"));
  if (attempt === ATTEMPTS || ms > PATIENCE_MS) {
    const when = ms > PATIENCE_MS ? `in ${Math.ceil(ms / 60_000)} minutes` : "later";
    const often = attempt > 1 ? " again and again" : "";
    throw new TsloraError("unreachable", `${what} answers ${status}${often}. Try again ${when}.`, {
      details: { status },
    });
  }
  debug("attempt %d of %d for %s was answered %d; wait of %d ms", attempt, ATTEMPTS, progress.file, status, ms);
  const seconds = Math.ceil(ms / 1000);
  onProgress?.({ ...progress, waiting: `${what} answers ${status}; the next attempt is in ${seconds} s.` });
  await pause(ms, signal).catch((error: unknown) => {
    throw signal.aborted ? stopped(error) : error;
  });
}

async function headOnce(address: string, { url, options }: { url: string; options: FetchOptions }): Promise<Answer> {
  const { idleMs, signal } = options;
  const response = await httpFetch(address, {
    method: "HEAD",
    redirect: "manual",
    headers: { ...authorization(address, options), "accept-encoding": "identity" },
    signal: AbortSignal.any([AbortSignal.timeout(idleMs), ...(signal === undefined ? [] : [signal])]),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw stopped(error);
    throw error instanceof TsloraError
      ? error
      : new TsloraError("unreachable", `${url} does not answer. Try again later.`, { cause: error });
  });
  await response.body?.cancel();
  debug("HEAD %s: %d", withoutQuery(address), response.status);
  return response;
}

/** The file that an answer names; undefined if it names none. */
function remoteFile(headers: Headers, { url, address }: { url: string; address: string }): RemoteFile | undefined {
  const location = headers.get("location");
  const commit = headers.get("x-repo-commit");
  const etag = checksumOf(headers);
  const size = headers.get("x-linked-size") ?? (location === null ? headers.get("content-length") : null);
  if (commit === null || etag === undefined) return undefined;
  if (!/^[0-9a-f]{40}$/.test(commit) || !/^\w[\w.-]{0,127}$/.test(etag))
    throw new TsloraError(
      "bad-input",
      `${url} must name a commit of 40 hexadecimal digits and a checksum; got ${shownValue(commit)} and ${shownValue(etag)}.`,
    );
  if (size !== null && !/^\d{1,15}$/.test(size))
    throw new TsloraError("bad-input", `${url} must name the file's size; got ${shownValue(size)}.`);
  if (size === null && !SHA256.test(etag))
    throw new TsloraError(
      "bad-input",
      `${url} names neither the file's size nor its sha256, so a cut file would look whole.`,
    );
  return {
    address: location === null ? address : redirected(location, { url, address }),
    commit,
    etag,
    size: size === null ? undefined : Number(size),
  };
}

/** Resolves a redirect. */
function redirected(location: string, { url, address }: { url: string; address: string }): string {
  const target = URL.canParse(location, address) ? new URL(location, address) : undefined;
  if (target !== undefined && `${target.username}${target.password}` !== "")
    throw new TsloraError(
      "bad-input",
      `${url} redirects to ${target.host} with a name or a password in the address, which is not requested.`,
    );
  if (target?.protocol === "https:" || target?.protocol === "http:") return target.href;
  throw new TsloraError("bad-input", `${url} redirects to ${shownValue(location)}, which is no address on the web.`);
}

/** The error after a signal. */
export function stopped(cause: unknown): TsloraError {
  return new TsloraError("aborted", "Stopped. The received part is kept; start again to continue.", { cause });
}

/** The checksum in the Hub's response, without weak mark and quotes. */
export function checksumOf(headers: Headers): string | undefined {
  return (headers.get("x-linked-etag") ?? headers.get("etag"))?.replace(/^W\//, "").replaceAll('"', "");
}

/**
 * The token goes to the Hub and to no other host.
 *
 * @throws TsloraError `bad-option` for a token that a header cannot hold. The error of `fetch` would show the token.
 */
export function authorization(
  address: string,
  { endpoint, token, tokenFrom = "the options" }: Pick<HubSettings, "endpoint" | "token" | "tokenFrom">,
): Record<string, string> {
  if (token === undefined || token === "" || new URL(address).origin !== new URL(endpoint).origin) return {};
  expectSendable(token, tokenFrom);
  return { authorization: `Bearer ${token}` };
}
