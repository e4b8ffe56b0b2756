import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

import { isMissing } from "../files/error-code";
import { isRunning, locateProcess } from "./locate-process";
import { LOCK_FILE } from "./lock-file";
import { bootId, processSpace } from "./this-machine";

/** The process that holds a lock, as the lock's file describes it. */
export interface LockHolder {
  readonly pid: number;
  /** The process's start time, as its system reports it; with the pid it identifies the process. */
  readonly started: string | undefined;
  readonly host: string;
  /** The start of the machine, see {@link bootId}; undefined in locks of earlier versions. */
  readonly boot?: string;
  /** The processes among which the pid is unique, see {@link processSpace}; undefined in locks of earlier versions. */
  readonly space?: string;
  /** The command for messages, such as `npm run study`. */
  readonly command: string;
  /** Time at which the lock was acquired, in ISO 8601. */
  readonly since: string;
  /** A random token of this lock; a process that has it in TSLORA_LOCK works for the holder. */
  readonly token: string;
  /** Names in the folder that the holder writes besides the folder's own files. */
  readonly covers: readonly string[];
}

/** A holder on another host counts as ended if it has not updated the lock's file for so many milliseconds. */
const SILENCE_MS = 120_000;

const COMMAND = 80; // characters

/** Describes this process as the holder of a new lock. */
export function describeSelf(options: { command?: string; covers: readonly string[]; token: string }): LockHolder {
  const { command = commandOfProcess(), covers, token } = options;
  return {
    pid: process.pid,
    started: locateProcess(process.pid),
    host: hostname(),
    boot: bootId(),
    space: processSpace(),
    command: command.slice(0, COMMAND),
    since: new Date().toISOString(),
    token,
    covers,
  };
}

/**
 * Reads the holder of a lock: "gone" if there is no such file, "torn" if its content is not a lock's.
 *
 * @throws the system's error if the file cannot be read: its holder may be running
 */
export function readHolder(path: string): LockHolder | "gone" | "torn" {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return "gone";
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : "torn";
  } catch {
    return "torn";
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host, command, since, token, covers } = value as Record<string, unknown>;
  const texts = [host, command, since, token].every((text) => typeof text === "string");
  return (
    Number.isSafeInteger(pid) && texts && Array.isArray(covers) && covers.every((name) => typeof name === "string")
  );
}

/**
 * Whether the process that holds the lock at `path` is still running. Asks the system about a process of this machine,
 * and looks at the time of the lock's file for others: of a container or a machine with this host's name, or from
 * before the machine's last start.
 */
export function isAlive(holder: LockHolder, path: string): boolean {
  const running = isHere(holder) ? isRunning(holder) : undefined;
  if (running !== undefined) return running;
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return fileTime(dirname(path)) - changed < SILENCE_MS;
}

/**
 * The time by which a folder's files are marked, in milliseconds: that of the machine which has the disk. The clocks of
 * two machines that share a folder may differ.
 */
function fileTime(folder: string): number {
  const probe = join(folder, `${LOCK_FILE}.time-${randomBytes(6).toString("hex")}`);
  try {
    writeFileSync(probe, "", { flag: "wx" });
    return statSync(probe).mtimeMs;
  } catch {
    return Date.now(); // a folder that is only read
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Whether the holder's id is that of a process of this machine, since its start, and of this container. */
function isHere({ host, boot = bootId(), space = processSpace() }: LockHolder): boolean {
  return host === hostname() && boot === bootId() && space === processSpace();
}

/** Whether the holder is this process. */
export function isSelf(holder: LockHolder): boolean {
  return isHere(holder) && holder.pid === process.pid && holder.started === locateProcess(process.pid);
}

/** Whether the holder is this process, or one that this process works for. */
export function isOwn(holder: LockHolder): boolean {
  return isSelf(holder) || (process.env.TSLORA_LOCK ?? "").split(",").includes(holder.token);
}

/** Describes a process in messages: the command line, or the notebook of a Jupyter kernel. */
export function commandOfProcess(argv: readonly string[] = process.argv, env = process.env): string {
  const [, script = "node", ...parameters] = argv;
  const notebook = env.JPY_SESSION_NAME; // set by Jupyter's server: the notebook's path
  if (notebook !== undefined && notebook !== "") return `the notebook ${basename(notebook)}`;
  const isKernel = [script, ...parameters].some((part) =>
    /[\\/]tslab([\\/]|$)|--config-path|[\\/]tslora-kernel[\\/]main\.js$/.test(part),
  );
  if (isKernel) return "a notebook's kernel";
  const isCommand = /[\\/]cli[\\/]main\.js$|tslora(\.mjs)?$|start\.mjs$/.test(script);
  return [isCommand ? "tslora" : basename(script), ...parameters].join(" ");
}
