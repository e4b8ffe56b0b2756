import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

import { sha256Of } from "../sha256-of";

let own: string | undefined;

/** Identifies this machine, since its start, and this container: the space in which process ids are valid. */
export function thisMachine(): string {
  own ??= sha256Of([hostname(), bootId(), processSpace()].join(" ")).slice(0, 16);
  return own;
}

/** Identifies the machine's start; empty on systems other than Linux. */
export function bootId(): string {
  return tried(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
}

/** Identifies the processes among which an id is unique, such as those of a container; empty except on Linux. */
export function processSpace(): string {
  return tried(() => readlinkSync("/proc/self/ns/pid"));
}

/** The text that a function reads from Linux's /proc; nothing on other systems. */
function tried(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
