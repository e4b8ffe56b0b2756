import { debuglog } from "node:util";

/**
 * A log for people who look for a fault: prints to standard error where `NODE_DEBUG` names it, as in
 * `NODE_DEBUG=tslora:hub` or `NODE_DEBUG=tslora:*`, and costs nothing otherwise. Log no token, no key and no text of the
 * data.
 *
 * @param name - the part of tslora that logs; set-up has `tslora:setup`
 * @returns a function with the arguments of `util.format`
 */
export function debugLog(name: "runner" | "hub"): (format: string, ...values: unknown[]) => void {
  return debuglog(`tslora:${name}`);
}
