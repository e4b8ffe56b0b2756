import { readFileSync } from "node:fs";
import { join } from "node:path";

import { environmentVariable } from "../base/environment-variable";
import { expandHome } from "../base/files/expand-home";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";

/** A token of the Hub. Never put the value into a message, a log or a result. */
export interface HubToken {
  readonly value: string;
  /** Its source, for messages: a variable or a file. */
  readonly from: string;
}

const VARIABLES = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] as const;
const MAX_BYTES = 10_000;

/**
 * Finds the token where Python's huggingface_hub finds it: HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or the file that
 * `hf auth login` writes (HF_TOKEN_PATH, or `token` under HF_HOME).
 *
 * @param home - the folder of HF_HOME
 */
export function findToken(home: string): HubToken | undefined {
  for (const name of VARIABLES) {
    const value = process.env[name]?.trim() ?? "";
    if (value !== "") return { value, from: name };
  }
  const path = expandHome(environmentVariable("HF_TOKEN_PATH") ?? join(home, "token"));
  try {
    const value = readFileSync(path, "utf8").slice(0, MAX_BYTES).trim();
    return value === "" ? undefined : { value, from: `the file ${shownPath(path)}` };
  } catch {
    return undefined; // the user has not logged in
  }
}

/**
 * Refuses a token with characters that a header cannot hold. The message does not show the token.
 *
 * @throws TsloraError `bad-option`
 */
export function expectSendable(token: string, from: string): void {
  if (/^[\x21-\x7e]{1,2000}$/.test(token)) return;
  throw new TsloraError(
    "bad-option",
    `The token of ${from} must be one word of printable ASCII characters; it is not. Copy it again from https://huggingface.co/settings/tokens.`,
  );
}

/** Removes the token from a server's text, since a server may repeat it. */
export function withoutToken(text: string, token: string | undefined): string {
  return token === undefined || token === "" ? text : text.replaceAll(token, "***");
}
