import type { BodyInit, Response as HttpResponse } from "undici";

import { debugLog } from "../../base/debug-log";
import { httpFetch } from "../../base/http";
import { TsloraError } from "../../base/tslora-error";
import type { HubSettings } from "../hub-settings";
import { withoutToken } from "../hub-token";
import { isTransient, PATIENCE_MS, pauseAfter, type Pause } from "../retry-pause";
import { withoutQuery } from "../without-query";
import { CountedBlob } from "./file-slice";
import { aborted, againLater, expectStorable, refused, stageOf, type Answer, type Stage } from "./push-problem";
import type { SentBytes } from "./push-progress";

/** State that the requests of a push share. */
export interface PushContext {
  readonly settings: HubSettings;
  readonly repoId: string;
  readonly signal: AbortSignal;
  readonly onWait: (seconds: number, reason: string) => void;
  /** Waits; tests replace it. */
  readonly pause: Pause;
}

/** Options that `@huggingface/hub` passes to its fetch. */
interface HubInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
  readonly progressHint?: { readonly path?: string; readonly part?: number };
}

const debug = debugLog("hub");
const ATTEMPTS = 5;
const REDIRECTS = 5;
const MAX_ANSWER = 1 << 25; // bytes
/** After a request is sent, its answer may take this multiple of the time limit for a byte. */
const ANSWER_FACTOR = 10;

/**
 * The `fetch` for `@huggingface/hub`. It sends the token only to the Hub's own host, follows redirects, repeats
 * requests after broken connections, 429 and 5xx, counts the sent bytes, and throws only TsloraErrors. The package
 * receives only successful answers, and never the token.
 *
 * @param options.sent - counts the bytes of large files
 * @param options.failed - receives the first failure: the package's parallel uploads may lose it
 */
export function hubFetch(
  context: PushContext,
  options: { readonly sent?: SentBytes; readonly failed?: (error: unknown) => void } = {},
): typeof fetch {
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    try {
      return await sendUntilAnswered(address, (init ?? {}) as HubInit, { ...context, sent: options.sent });
    } catch (error) {
      options.failed?.(error);
      throw error;
    }
  };
}

type Sending = PushContext & { readonly sent?: SentBytes };

/** Sends a request until it succeeds. Throws if it is refused, or after {@link ATTEMPTS} attempts. */
async function sendUntilAnswered(address: string, init: HubInit, context: Sending): Promise<Response> {
  const { settings, signal, onWait, pause, repoId } = context;
  const stage = stageOf(address, { method: init.method ?? "GET", endpoint: settings.endpoint });
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw aborted();
    const answer = await send(address, init, { ...context, stage });
    if (answer.status >= 200 && answer.status < 300) {
      if (stage.kind === "batch") expectStorable(answer, { stage, settings, repoId });
      return new Response(answer.text === "" ? null : answer.text, {
        status: answer.status === 204 ? 200 : answer.status,
        headers: answer.headers,
      });
    }
    const about = { stage, settings, repoId, path: init.progressHint?.path };
    const wait = waitBefore(answer, { attempt, stage });
    if (wait === undefined) throw refused(answer, about);
    if (attempt === ATTEMPTS || wait > PATIENCE_MS) throw againLater(answer, { ...about, waitMs: wait });
    const reason = answer.status === 0 ? "the connection broke" : `the server answers ${answer.status}`;
    debug("%s: %s; attempt %d of %d follows in %d ms", stage.name, reason, attempt + 1, ATTEMPTS, wait);
    onWait(wait / 1000, reason);
    await pause(wait, signal).catch((error: unknown) => {
      throw signal.aborted ? aborted() : error;
    });
  }
}

/**
 * Milliseconds before another attempt; undefined if there must be none. A commit whose answer was lost may have
 * succeeded, so it is repeated only after 429, which the Hub answers before it does anything.
 */
function waitBefore(
  { status, headers }: Answer,
  { attempt, stage }: { attempt: number; stage: Stage },
): number | undefined {
  if (status !== 429 && (stage.kind === "commit" || (status !== 0 && !isTransient(status)))) return undefined;
  return pauseAfter(attempt, headers["retry-after"]);
}

/** Sends a request once, and follows its redirects. A broken connection is an answer with the status 0. */
async function send(url: string, init: HubInit, context: Sending & { readonly stage: Stage }): Promise<Answer> {
  let address = url;
  for (let i = 0; i <= REDIRECTS; i++) {
    const answer = await sendOnce(address, init, context);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    const target = URL.canParse(location, address) ? new URL(location, address) : undefined;
    const mayFollow = target?.origin === new URL(address).origin || context.stage.kind === "store";
    if (target === undefined || !/^https?:$/.test(target.protocol) || !mayFollow)
      throw new TsloraError(
        "bad-input",
        `${withoutQuery(address)} redirects to another host${target === undefined ? "" : `, ${target.host}`}, where the token is not sent. Set HF_ENDPOINT to the Hub's own address.`,
      );
    address = target.href;
  }
  throw new TsloraError("bad-input", `${withoutQuery(url)} redirects more than ${REDIRECTS} times.`);
}

async function sendOnce(
  address: string,
  init: HubInit,
  { settings, signal, sent, stage }: Sending & { readonly stage: Stage },
): Promise<Answer> {
  const idle = new AbortController();
  const tooLong = (): void => idle.abort(new Error("no byte moved"));
  let timer = setTimeout(tooLong, ANSWER_FACTOR * settings.idleMs);
  const moved = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(tooLong, ms);
  };
  const method = init.method ?? "GET";
  // A commit is not aborted halfway, since it would be unknown whether it succeeded.
  const stops = stage.kind === "commit" ? [] : [signal, ...(init.signal == null ? [] : [init.signal])];
  try {
    const response = await httpFetch(address, {
      method,
      redirect: "manual",
      headers: headersFor(address, { given: init.headers, settings }),
      // The scripts for web pages add the browser's Blob type to the program, which differs from Node's.
      body: bodyOf(init, { sent, moved, idleMs: settings.idleMs }) as BodyInit | undefined,
      signal: AbortSignal.any([idle.signal, ...stops]),
    });
    debug("%s %s: %d", method, withoutQuery(address), response.status);
    moved(settings.idleMs);
    const text = await readAnswer(response, () => moved(settings.idleMs));
    return { status: response.status, headers: Object.fromEntries(response.headers), text };
  } catch (error) {
    if (stops.some(({ aborted: stopped }) => stopped)) throw aborted();
    if (error instanceof TsloraError) throw error;
    const local = error instanceof Error ? error.cause : undefined;
    if (local instanceof TsloraError) throw local; // the file could not be read
    const words = error instanceof Error ? `${error.message} ${local instanceof Error ? local.message : ""}` : "";
    debug("%s %s: %s", method, withoutQuery(address), withoutToken(words, settings.token));
    return { status: 0, headers: {}, text: "", broken: stage.name };
  } finally {
    clearTimeout(timer);
  }
}

/** The package's headers without its authorization. Adds the token for the Hub, and for no other host. */
function headersFor(
  address: string,
  { given = {}, settings }: { given?: Readonly<Record<string, string>>; settings: HubSettings },
): Record<string, string> {
  const kept = Object.entries(given).filter(([name]) => name.toLowerCase() !== "authorization");
  const { endpoint, token } = settings;
  const isHub = new URL(address).origin === new URL(endpoint).origin;
  return {
    ...Object.fromEntries(kept),
    ...(isHub && token !== undefined ? { authorization: `Bearer ${token}` } : {}),
  };
}

function bodyOf(
  { body, progressHint }: HubInit,
  { sent, moved, idleMs }: { sent?: SentBytes; moved: (ms: number) => void; idleMs: number },
): string | Blob | undefined {
  if (typeof body === "string" || body === undefined || body === null) return body ?? undefined;
  if (!(body instanceof Blob)) throw new TypeError("A body must be a text or a Blob.");
  const { path = "", part = 0 } = progressHint ?? {};
  sent?.restart(path, part);
  let left = body.size;
  return new CountedBlob(body, (bytes) => {
    left -= bytes;
    moved(left > 0 ? idleMs : ANSWER_FACTOR * idleMs); // after the last byte, the server checks the file
    sent?.add(path, part, bytes);
  });
}

async function readAnswer(response: HttpResponse, moved: () => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    moved();
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER)
      throw new TsloraError("bad-input", `${withoutQuery(response.url)} sends an answer that is too long.`);
  }
  return text + decoder.decode();
}
