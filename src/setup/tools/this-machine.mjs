// @ts-check
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * This machine, its start, and the processes among which an id is unique, such as those of a container; the last two
 * are empty on systems other than Linux.
 * @typedef {{ host: string, boot: string, space: string }} Machine
 */

/** @returns {Machine} */
export function thisMachine() {
  return {
    host: hostname(),
    boot: tried(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    space: tried(() => readlinkSync("/proc/self/ns/pid")),
  };
}

/** @param {() => string} read */
function tried(read) {
  try {
    return read();
  } catch {
    return "";
  }
}
