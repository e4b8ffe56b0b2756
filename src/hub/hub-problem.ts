import { printableLine } from "../base/printable";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { HubSettings } from "./hub-settings";
import { withoutToken } from "./hub-token";

/** An answer of the Hub that is not a success. */
export interface Refusal {
  readonly status: number;
  /** The header X-Error-Code, such as GatedRepo. */
  readonly code?: string;
  /** The server's own message. */
  readonly message?: string;
}

/** The settings that an error names. */
export type NamedSettings = Pick<HubSettings, "endpoint" | "token" | "tokenFrom">;

const TOKENS = "https://huggingface.co/settings/tokens";

/** Names the source of the token that was sent, with advice on giving another one. */
export function tokenAdvice({ token, tokenFrom }: NamedSettings, may: "read" | "write"): string {
  return token === undefined || token === ""
    ? `No token was sent. Put one that may ${may} it (${TOKENS}) into HF_TOKEN, or log in with \`hf auth login\`.`
    : `The token of ${tokenFrom ?? "the options"} was sent. Give one that may ${may} it (${TOKENS}).`;
}

/** A sentence with the server's message, shortened and without the token; empty without a message. */
export function serverWords(message: string | undefined, { token }: Pick<NamedSettings, "token">): string {
  const text = printableLine(withoutToken(message ?? "", token)).trim();
  return text === "" ? "" : ` The server says: ${shownValue(text, 300)}.`;
}

/**
 * The error for a file or repository that may not be read: private, gated, or missing. Its message has advice.
 *
 * @param url - the requested address
 * @param id - the repository
 */
export function readRefusal(
  url: string,
  refusal: Refusal,
  about: { id: string; settings: NamedSettings },
): TsloraError {
  const { status, code, message } = refusal;
  const { id, settings } = about;
  const page = `${settings.endpoint}/${id}`;
  const details = { status, code, url };
  const advice = tokenAdvice(settings, "read");
  const words = serverWords(message, settings);
  if (code === "GatedRepo")
    return new TsloraError(
      "not-found",
      `${id} is gated: its authors ask readers to accept terms (${status}). Open ${page}, log in, accept them, and wait until access is granted. ${advice}${words}`,
      { details },
    );
  if (code === "RevisionNotFound")
    return new TsloraError("not-found", `${page} has no such branch, tag or commit. Give one that its page lists.`, {
      details,
    });
  if (status === 404)
    return new TsloraError(
      "not-found",
      `There is no repository at ${page}, or it is private. Check the name. ${advice}`,
      { details },
    );
  return new TsloraError(
    "not-found",
    `${url} answers ${status}: the model is private, gated or not there. Check the name; if it is gated, accept its terms on its page. ${advice}${words}`,
    { details },
  );
}
