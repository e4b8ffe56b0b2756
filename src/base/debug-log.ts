import { debuglog } from "node:util";

/**
 * A log for debugging: prints to standard error if `NODE_DEBUG` names it, as in `NODE_DEBUG=tslora:hub` or
 * `NODE_DEBUG=tslora:*`, and costs nothing otherwise. Never log tokens, keys or texts of the data.
 *
 * @param name - the part of tslora that logs; set-up has `tslora:setup`
 * @returns a function with the arguments of `util.format`
 */
export function debugLog(name: "runner" | "hub"): (format: string, ...values: unknown[]) => void {
  return debuglog(`tslora:${name}`);
}
