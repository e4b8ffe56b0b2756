import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";

import { isMissing } from "../files/error-code";
import { locateProcess } from "./locate-process";

/** The process that holds a lock, as the lock's file describes it. */
export interface LockHolder {
  readonly pid: number;
  /** The process's start time, as its system reports it; with the pid it identifies the process. */
  readonly started: string | undefined;
  readonly host: string;
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
    command: command.slice(0, COMMAND),
    since: new Date().toISOString(),
    token,
    covers,
  };
}

/** Reads the holder of a lock: "gone" if there is no such file, "torn" if its content is not a lock's. */
export function readHolder(path: string): LockHolder | "gone" | "torn" {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return isMissing(error) ? "gone" : "torn";
  }
  return isHolder(value) ? value : "torn";
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host, command, since, token, covers } = value as Record<string, unknown>;
  const texts = [host, command, since, token].every((text) => typeof text === "string");
  return (
    Number.isSafeInteger(pid) && texts && Array.isArray(covers) && covers.every((name) => typeof name === "string")
  );
}

/** Whether the process that holds the lock at `path` is still running. */
export function isAlive(holder: LockHolder, path: string): boolean {
  if (holder.host === hostname()) return holder.started !== undefined && locateProcess(holder.pid) === holder.started;
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENCE_MS;
}

/** Whether the holder is this process, or one that this process works for. */
export function isOwn(holder: LockHolder): boolean {
  const self =
    holder.host === hostname() && holder.pid === process.pid && holder.started === locateProcess(process.pid);
  return self || (process.env.TSLORA_LOCK ?? "").split(",").includes(holder.token);
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
