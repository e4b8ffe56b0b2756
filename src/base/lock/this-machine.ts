import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let own: string | undefined;

/** Identifies this machine, since its start, and this container: the space in which process ids are valid. */
export function thisMachine(): string {
  own ??= createHash("sha256")
    .update([hostname(), tried(bootId), tried(processSpace)].join(" "))
    .digest("hex")
    .slice(0, 16);
  return own;
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
const processSpace = (): string => readlinkSync("/proc/self/ns/pid");

/** The text that a function reads from Linux's /proc; nothing on other systems. */
function tried(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
