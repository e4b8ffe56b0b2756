// @ts-check
import { CommandError } from "./run-command.mjs";
import { SetUpError } from "./set-up-error.mjs";

/** Lines that do not explain a failure: stack traces, paths of logs, retries. */
const NOISE = /^(npm error)?\s*(at .*|A complete log of this run .*|WARNING: (Retrying|Location) .*)?$/;
/** So many last lines of a failed command are shown. */
const SHOWN = 15;

/** Messages of npm and pip when a registry does not answer. */
const UNREACHED =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|Max retries exceeded|Failed to establish a new connection|Temporary failure in name resolution|Cannot connect to proxy|timed out/;

/**
 * Explains a failure of a stage: the part, the fault, and a remedy.
 *
 * @param {string} title  the part's
 * @param {unknown} error
 * @returns {SetUpError}
 */
export function explainFailure(title, error) {
  if (error instanceof SetUpError) return new SetUpError(`${title}: ${error.message}`);
  const output = error instanceof CommandError ? error.output : "";
  const text = `${error instanceof Error ? error.message : String(error)}\n${output}`;
  const head = `${title}: ${error instanceof Error ? error.message : String(error)}.`;
  const tail = output
    .split("\n")
    .filter((line) => !NOISE.test(line))
    .slice(-SHOWN)
    .map((line) => `  ${line}`);
  return new SetUpError([head, ...tail, advise(text)].join("\n"));
}

/** @param {string} text */
function advise(text) {
  if (/ENOSPC|No space left on device/.test(text))
    return "The disk is full. Free some space and start again: finished parts are kept.";
  if (/EDQUOT|Disk quota exceeded/.test(text))
    return "The disk quota is used up. Free some space and start again: finished parts are kept.";
  if (UNREACHED.test(text)) {
    return `${hostIn(text) ?? "A package registry"} cannot be reached. Check the network, or the proxy and registry settings (HTTPS_PROXY, npm config, pip config), and start again: finished parts are kept.`;
  }
  return "Start again after fixing this: finished parts are kept.";
}

/** @param {string} text */
function hostIn(text) {
  return /host='([^']+)'/.exec(text)?.[1] ?? /https?:\/\/(?:[^\s/@]*@)?([^\s/:'"]+)/.exec(text)?.[1];
}
