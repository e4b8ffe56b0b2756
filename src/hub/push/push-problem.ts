import { isRecord } from "../../base/json";
import { TsloraError } from "../../base/tslora-error";
import { serverWords, tokenAdvice, type NamedSettings } from "../hub-problem";

/** A server's answer. The status 0 means that the connection broke. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly broken?: string;
}

/** The purpose of a request. */
export interface Stage {
  /**
   * `batch` requests the addresses for large files, `store` sends a large file to a storage server, `commit` commits
   * the files; `ask` is any other request.
   */
  readonly kind: "ask" | "batch" | "store" | "commit";
  /** The same in words. */
  readonly name: string;
}

/** Facts for the error of a request. */
export interface About {
  readonly stage: Stage;
  readonly settings: NamedSettings;
  readonly repoId: string;
  /** The file that was sent. */
  readonly path?: string;
}

/** Names the stage of a request by its address. */
export function stageOf(address: string, { method, endpoint }: { method: string; endpoint: string }): Stage {
  const { origin, pathname } = new URL(address);
  if (method === "PUT" || origin !== new URL(endpoint).origin) return { kind: "store", name: "storing a large file" };
  if (/\/api\/repos\/create$/.test(pathname)) return { kind: "ask", name: "creating the repository" };
  // owners and repositories may have the names of the Hub's calls
  const call = /\/api\/models\/[^/]+\/[^/]+\/(branch|commit)\//.exec(pathname)?.[1];
  if (call === "branch") return { kind: "ask", name: "making the branch" };
  if (call === "commit") return { kind: "commit", name: "committing" };
  if (/\/info\/lfs\/objects\/batch$/.test(pathname))
    return { kind: "batch", name: "asking where to store large files" };
  if (/complete_multipart/.test(pathname)) return { kind: "store", name: "completing a large file" };
  return { kind: "ask", name: "asking what the repository holds" };
}

export function aborted(): TsloraError {
  return new TsloraError(
    "aborted",
    "Stopped before the commit: the repository is unchanged. Large files that are stored are not sent again.",
  );
}

/** Whether a further round, which reads the repository's state again, can complete the push. */
export function mayGoOn(error: unknown): boolean {
  return error instanceof TsloraError && error.details.again === true;
}

/** The status of an error of a request, if it has one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof TsloraError && typeof error.details.status === "number" ? error.details.status : undefined;
}

/** The error after the last attempt. */
export function againLater(answer: Answer, about: About & { readonly waitMs: number }): TsloraError {
  const { stage, settings, path, waitMs } = about;
  const what = path === undefined ? stage.name : `${stage.name}, ${path}`;
  const { status } = answer;
  const happened =
    status === 0 ? "the connection broke again and again" : `the server answers ${status} again and again`;
  const when = status === 429 ? `Push again in ${Math.max(1, Math.ceil(waitMs / 60_000))} minutes` : "Push again later";
  return new TsloraError(
    "unreachable",
    `While ${what}, ${happened}. ${when}: large files that are stored are not sent again.${serverWords(messageOf(answer), settings)}`,
    { details: { status } },
  );
}

/** The error for an answer that another attempt would not change. */
export function refused(answer: Answer, about: About): TsloraError {
  const { stage, settings, repoId, path } = about;
  const { status, headers } = answer;
  const code = headers["x-error-code"];
  const words = serverWords(messageOf(answer), settings);
  const details = { status, code, stage: stage.kind };
  const page = `${settings.endpoint}/${repoId}`;
  if (stage.kind === "commit" && (status === 0 || status >= 500))
    return new TsloraError(
      "unreachable",
      `The answer to the commit was lost: ${status === 0 ? "the connection broke" : `the server answers ${status}`}. Look at ${page} before you push again.${words}`,
      { details: { ...details, again: true, lost: true } },
    );
  if (stage.kind === "commit" && (status === 409 || status === 412))
    return new TsloraError("bad-input", `Others changed ${page} at the same time, again and again. Push again later.`, {
      details: { ...details, again: true },
    });
  if (stage.kind === "store")
    return new TsloraError(
      "unreachable",
      `The storage refuses ${path ?? "a large file"}: it answers ${status}. Push again; large files that are stored are not sent again.${words}`,
      { details: { ...details, again: true } },
    );
  if (status === 401 || status === 403) {
    const reason = status === 401 ? "does not accept the token" : `does not let the token write ${repoId}`;
    return new TsloraError(
      "bad-input",
      `The Hub ${reason} (it answers ${status} while ${stage.name}). ${tokenAdvice(settings, "write")}${words}`,
      { details },
    );
  }
  return new TsloraError(
    status === 404 ? "not-found" : "bad-input",
    `The Hub answers ${status} while ${stage.name} (${repoId}).${words}`,
    { details },
  );
}

/**
 * Refuses the answer about large files if it refuses one of them.
 *
 * @throws TsloraError `bad-input`
 */
export function expectStorable(answer: Answer, { settings, repoId }: About): void {
  const value = parsed(answer.text);
  const objects = isRecord(value) && Array.isArray(value.objects) ? (value.objects as unknown[]) : [];
  for (const object of objects) {
    const error = isRecord(object) ? object.error : undefined;
    if (!isRecord(error)) continue;
    const message = typeof error.message === "string" ? error.message : undefined;
    throw new TsloraError(
      "bad-input",
      `The Hub does not store a large file of ${repoId}.${serverWords(message, settings)}`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The server's message, from a header or from its JSON. */
function messageOf({ headers, text }: Answer): string | undefined {
  if (headers["x-error-message"] !== undefined) return headers["x-error-message"];
  if (!/^application\/([\w.+-]*\+)?json/.test(headers["content-type"] ?? "")) return undefined;
  const value = parsed(text);
  return isRecord(value) ? [value.error, value.message].find((message) => typeof message === "string") : undefined;
}
