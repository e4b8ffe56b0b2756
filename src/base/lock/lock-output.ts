import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { errorCode, hasNoLinks, isMissing } from "../files/error-code";
import { faultText } from "../files/file-fault";
import { makeFolder } from "../files/make-folder";
import { LOCK_FILE } from "./lock-file";
import { describeSelf, isAlive, isOwn, isSelf, readHolder, type LockHolder } from "./lock-holder";
import { shownPath } from "../shown-path";
import { TsloraError } from "../tslora-error";

/** A lock on an output, held until `release`. */
export interface OutputLock {
  /** Pass it as TSLORA_LOCK to a process that works for this one: that process may write too. */
  readonly token: string;
  /** Releases the lock; a second call does nothing. */
  release(): void;
}

/** Options of a lock. */
export interface LockOptions {
  /** The work in the folder. In one process, different purposes may share a folder, equal ones may not. */
  readonly purpose: string;
  /** The command that the message to another process shows. @default this process's command line, or its notebook */
  readonly command?: string;
  /** The files and folders that this run writes; other runs may write other ones in the same folder. @default none */
  readonly covers?: readonly string[];
}

interface Held {
  readonly holder: LockHolder;
  readonly purposes: Set<string>;
  readonly end: () => void;
}

const BEAT_MS = 5000;
const TRIES = 100;
/** Milliseconds after which a lock's file that is not complete is looked at again: its process may write it now. */
const WRITING_MS = 100;

const held = new Map<string, Held>(); // the locks of this process, by their files
let watchesExit = false;

/**
 * Locks an output folder. Only one process may write into it; the others are refused with a message that names that
 * process. Makes the folder if it is missing. Takes over a lock whose owner was killed.
 *
 * @throws TsloraError `in-use` if another running process, or this one for the same purpose, writes there; `not-saved`
 * if the folder cannot be written.
 */
export function lockFolder(folder: string, options: LockOptions): OutputLock {
  const made = madeFolder(folder);
  const path = realpathSync(folder);
  return removingEmpty(acquire(path, { file: join(path, LOCK_FILE), ...options }), { path, made });
}

/** Locks one file of an output folder, such as an executed notebook. Otherwise as {@link lockFolder}. */
export function lockFile(path: string, options: Omit<LockOptions, "covers">): OutputLock {
  const made = madeFolder(dirname(path));
  const folder = realpathSync(dirname(path));
  const whole = join(folder, basename(path));
  return removingEmpty(acquire(whole, { file: lockOfFile(whole), ...options }), { path: folder, made });
}

/** A lock whose release also removes the folder that was made for it, if the folder is empty. */
function removingEmpty(
  lock: OutputLock,
  { path, made }: { readonly path: string; readonly made: string | undefined },
): OutputLock {
  if (made === undefined) return lock;
  return { ...lock, release: () => (lock.release(), removeEmpty(path, made)) };
}

/** @throws TsloraError `in-use` when another living process has locked the folder. */
export function expectUnlocked(folder: string): void {
  let path: string;
  try {
    path = realpathSync(folder);
  } catch {
    return;
  }
  for (const holder of [livingHolder(join(path, LOCK_FILE)), coveringHolder(path)]) {
    if (holder !== undefined && !isOwn(holder)) throw inUse(path, holder);
  }
}

function acquire(path: string, options: LockOptions & { readonly file: string }): OutputLock {
  const { file, purpose, command, covers = [] } = options;
  const mine = held.get(file);
  if (mine !== undefined) {
    if (mine.purposes.has(purpose)) throw inUse(path, mine.holder);
    mine.purposes.add(purpose);
    return { token: mine.holder.token, release: once(() => release(file, purpose)) };
  }
  const holder = describeSelf({ command, covers, token: randomBytes(12).toString("hex") });
  const token = take(file, holder, path);
  // The process that this one works for holds the lock, and releases it.
  if (token !== holder.token) return { token, release: () => undefined };
  const end = startBeat(file, holder);
  held.set(file, { holder, purposes: new Set([purpose]), end });
  const others = [
    coveringHolder(path),
    ...covers.flatMap((name) => [join(path, name, LOCK_FILE), lockOfFile(join(path, name))]).map(livingHolder),
  ];
  const other = others.find((one) => one !== undefined && !isOwn(one));
  if (other !== undefined) {
    release(file, purpose);
    throw inUse(path, other);
  }
  return { token, release: once(() => release(file, purpose)) };
}

/** Makes the lock's file. Returns its token: another one if this process works for the one that holds the lock. */
function take(file: string, holder: LockHolder, path: string): string {
  const temporary = `${file}.${process.pid}-${holder.token}`;
  try {
    writeFileSync(temporary, JSON.stringify(holder), { flag: "wx" });
    let hasWaited = false;
    for (let tries = 0; tries < TRIES; tries++) {
      if (createLock(file, temporary, holder)) return holder.token;
      const other = readHolder(file);
      if (other === "gone") continue;
      if (other === "torn" && !hasWaited) {
        hasWaited = true;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITING_MS);
        continue;
      }
      if (other !== "torn" && isAlive(other, file)) {
        if (isOwn(other) && !isSelf(other)) return other.token;
        throw inUse(path, other);
      }
      removeStale(file, temporary, other);
    }
  } catch (error) {
    if (error instanceof TsloraError) throw error;
    throw cannotWrite(path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
  throw new TsloraError(
    "in-use",
    `${shownPath(path)} is in use: other processes lock it in turn. Try again, or choose another folder.`,
  );
}

/**
 * Creates the lock's file as a link to a complete temporary file. This is atomic: of several processes, only one
 * succeeds. Returns false if the file exists.
 */
function createLock(file: string, temporary: string, holder: LockHolder): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (!hasNoLinks(error)) throw error;
  }
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" }); // the file system has no links
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock's file of a holder that has ended. Renames it first, since a rename moves exactly one file, and puts
 * it back if it is a newer file that another process made meanwhile.
 */
function removeStale(file: string, temporary: string, dead: LockHolder | "torn"): void {
  const aside = `${temporary}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const moved = readHolder(aside);
  if (typeof moved === "object" && (dead === "torn" || moved.token !== dead.token)) createLock(file, aside, moved);
  rmSync(aside, { force: true });
}

function startBeat(file: string, holder: LockHolder): () => void {
  if (!watchesExit) process.on("exit", () => [...held.values()].forEach(({ end }) => end()));
  watchesExit = true;
  const beat = setInterval(() => {
    try {
      markTime(file);
    } catch {
      // The file was removed by hand.
    }
  }, BEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (holderOf(file)?.token === holder.token) rmSync(file, { force: true });
  };
}

/** Writes the first character of a lock's file again: the machine that has the disk then marks it with its own time. */
function markTime(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    writeSync(descriptor, "{", 0);
  } finally {
    closeSync(descriptor);
  }
}

function release(file: string, purpose: string): void {
  const mine = held.get(file);
  if (mine === undefined) return;
  mine.purposes.delete(purpose);
  if (mine.purposes.size > 0) return;
  held.delete(file);
  mine.end();
}

/** The running holder of the parent folder whose run writes this path too. */
function coveringHolder(path: string): LockHolder | undefined {
  const holder = livingHolder(join(dirname(path), LOCK_FILE));
  return holder?.covers.includes(basename(path)) === true ? holder : undefined;
}

function livingHolder(file: string): LockHolder | undefined {
  const holder = holderOf(file);
  return holder !== undefined && isAlive(holder, file) ? holder : undefined;
}

/** The holder of a lock, if there is one whose file can be read. */
function holderOf(file: string): LockHolder | undefined {
  try {
    const holder = readHolder(file);
    return typeof holder === "object" ? holder : undefined;
  } catch {
    return undefined;
  }
}

function lockOfFile(path: string): string {
  return join(dirname(path), `.${basename(path)}${LOCK_FILE}`);
}

function inUse(path: string, holder: LockHolder): TsloraError {
  const { pid, host, command, since } = holder;
  const details = { path, pid, host, command, since };
  const time = `${since.slice(0, 16).replace("T", " ")} UTC`;
  const shown = command.replace(/\p{Cc}/gu, " ");
  const [who, then] = isSelf(holder)
    ? ["this process", "End that run first; in a notebook, restart the kernel"]
    : [`process ${pid} on ${host} (${shown})`, "Wait until it ends, or choose another folder"];
  return new TsloraError("in-use", `${shownPath(path)} is in use by ${who} since ${time}. ${then}.`, { details });
}

function cannotWrite(path: string, cause: unknown): TsloraError {
  return new TsloraError(
    "not-saved",
    `${shownPath(path)} cannot be written: ${faultText(cause)}. Choose another folder.`,
    { cause },
  );
}

/** Makes a folder. Returns the first folder of its path that was missing. */
function madeFolder(folder: string): string | undefined {
  try {
    return makeFolder(folder);
  } catch (error) {
    throw cannotWrite(resolve(folder), error);
  }
}

/** Removes empty folders that were made for a lock. */
function removeEmpty(path: string, top: string): void {
  try {
    for (let folder = path; readdirSync(folder).length === 0; folder = dirname(folder)) {
      rmdirSync(folder);
      if (folder === top || dirname(folder) === folder) return;
    }
  } catch {
    // Another process made or removed something meanwhile.
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
