import { join } from "node:path";

import { environmentVariable } from "../base/environment-variable";
import { expandHome } from "../base/files/expand-home";
import { userCacheFolder } from "../base/files/user-cache";
import { Problems } from "../base/problems";
import { findToken } from "./hub-token";

/** Settings of the Hub and its cache, with the variables of Python's huggingface_hub. */
export interface HubSettings {
  /**
   * The Hub's address, without a name and a password.
   * @default HF_ENDPOINT, or https://huggingface.co
   */
  readonly endpoint: string;
  /**
   * The token. It is sent only to the endpoint.
   * @default HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or the file that `hf auth login` writes (HF_TOKEN_PATH, `token` under
   *   HF_HOME)
   */
  readonly token: string | undefined;
  /** The token's source, for messages. */
  readonly tokenFrom?: string;
  /** @default HF_HUB_CACHE, its older name HUGGINGFACE_HUB_CACHE, or `hub` under HF_HOME */
  readonly cacheDir: string;
  /** Whether no request goes to the Hub. @default HF_HUB_OFFLINE, or where it is unset TRANSFORMERS_OFFLINE */
  readonly offline: boolean;
  /** The source of `offline`, for messages. */
  readonly offlineFrom: string;
  /**
   * A request fails after so many milliseconds without a byte.
   * @default HF_HUB_DOWNLOAD_TIMEOUT, in seconds, or 30 seconds
   */
  readonly idleMs: number;
}

/**
 * Completes `given` with the environment's settings. The endpoint must hold no password: messages and logs show it.
 *
 * @param problems - receives a wrong endpoint, for one error with a call's other problems
 * @throws TsloraError `bad-option` for a wrong endpoint, without its value, if `problems` is not given
 */
export function hubSettings(given: Partial<HubSettings> = {}, problems?: Problems): HubSettings {
  const settings = completed(given);
  const found = problems ?? new Problems("The Hub's settings");
  found.expect(
    isPlainAddress(settings.endpoint),
    "HF_ENDPOINT must be an address that begins with https://, without a name, a password and a query",
  );
  if (problems === undefined) found.throwIfAny();
  return settings;
}

function isPlainAddress(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, username, password, search, hash } = new URL(endpoint);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
}

function completed(given: Partial<HubSettings>): HubSettings {
  const home = expandHome(environmentVariable("HF_HOME") ?? join(userCacheFolder(), "huggingface"));
  const token = given.token === undefined ? findToken(home) : { value: given.token, from: "the option token" };
  return {
    endpoint: (given.endpoint ?? environmentVariable("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    token: token?.value,
    tokenFrom: given.tokenFrom ?? token?.from,
    cacheDir: expandHome(
      given.cacheDir ??
        environmentVariable("HF_HUB_CACHE") ??
        environmentVariable("HUGGINGFACE_HUB_CACHE") ??
        join(home, "hub"),
    ),
    offline: given.offline ?? ["1", "true", "yes", "on"].includes((process.env[offlineVariable()] ?? "").toLowerCase()),
    offlineFrom: given.offlineFrom ?? (given.offline === undefined ? offlineVariable() : "the option offline"),
    idleMs:
      given.idleMs ??
      (Number(process.env.HF_HUB_DOWNLOAD_TIMEOUT) > 0 ? 1000 * Number(process.env.HF_HUB_DOWNLOAD_TIMEOUT) : 30_000),
  };
}

/** The variable that says whether requests may go to the Hub: HF_HUB_OFFLINE if it is set. */
function offlineVariable(): "HF_HUB_OFFLINE" | "TRANSFORMERS_OFFLINE" {
  const isOther =
    environmentVariable("HF_HUB_OFFLINE") === undefined && environmentVariable("TRANSFORMERS_OFFLINE") !== undefined;
  return isOther ? "TRANSFORMERS_OFFLINE" : "HF_HUB_OFFLINE";
}

/** A model's folder in the cache, as huggingface_hub names it. */
export function cacheFolder(id: string, { cacheDir }: Pick<HubSettings, "cacheDir">): string {
  return join(cacheDir, `models--${id.replaceAll("/", "--")}`);
}
