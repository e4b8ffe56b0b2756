import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { errorCode, isMissing } from "../../base/files/error-code";
import { isRecord } from "../../base/json";
import { locateProcess } from "../../base/lock/locate-process";
import { thisMachine } from "../../base/lock/this-machine";
import { TsloraError } from "../../base/tslora-error";
import type { ClaimOptions, JobClaim } from "./job-store";

/** Times of claims in milliseconds. */
export interface ClaimTimes {
  /** Between two beats of a holder. @default 5,000 */
  readonly beat: number;
  /**
   * Without a beat, as the waiting process measures it, after which a holder on another machine is gone. @default
   * 60,000
   */
  readonly silence: number;
  /** Between two looks of a waiting process. @default 500 */
  readonly look: number;
}

export const CLAIM_TIMES: ClaimTimes = { beat: 5000, silence: 60_000, look: 500 };

/** Content of a claim's file. */
interface Holder {
  readonly token: string;
  readonly machine: string;
  readonly processes: readonly { readonly pid: number; readonly started: string | undefined }[];
  /** Counts up while the holder runs. */
  readonly beat: number;
}

/**
 * Takes a claim: a file that one process at a time can create. The file of a dead process of this machine is taken
 * over at once. A process of another machine counts as dead when the file's content has not changed for a time that
 * this process measures itself: the clocks of two machines are never compared.
 *
 * @returns undefined if `until` ended the wait
 * @throws TsloraError `aborted` if the signal ended it
 */
export async function claimFile(
  path: string,
  { processes, signal, until, times = CLAIM_TIMES }: ClaimOptions & { readonly times?: ClaimTimes },
): Promise<JobClaim | undefined> {
  const holder: Holder = {
    token: randomBytes(12).toString("hex"),
    machine: thisMachine(),
    processes: processes.map((pid) => ({ pid, started: locateProcess(pid) })),
    beat: 0,
  };
  let seen: { readonly content: string; readonly since: number } | undefined;
  for (;;) {
    if (await create(path, holder)) return held(path, { holder, times });
    if (await until?.()) return undefined;
    if (signal?.aborted === true) throw new TsloraError("aborted", "The job was stopped while another worker had it.");
    const content = await contentOf(path);
    if (content === undefined) continue;
    if (seen?.content !== content) seen = { content, since: performance.now() };
    const silent = performance.now() - seen.since > times.silence;
    if (isGone(content) ?? silent) await takeAway(path, content);
    else await delay(times.look, undefined, { signal }).catch(() => undefined);
  }
}

/** Creates the file. Returns false if there is one. A full disk leaves none. */
async function create(path: string, holder: Holder): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, "wx");
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    await file.writeFile(JSON.stringify(holder));
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function held(path: string, { holder, times }: { holder: Holder; times: ClaimTimes }): JobClaim {
  const lost = new AbortController();
  let beat = 0;
  let writing: Promise<void> = Promise.resolve();
  const isMine = async (): Promise<boolean> => parse(await contentOf(path))?.token === holder.token;
  const write = async (): Promise<void> => {
    if (!(await isMine())) return lost.abort();
    // in place: other machines see a new content before a new file of the same name
    const file = await open(path, "r+");
    try {
      await file.write(JSON.stringify({ ...holder, beat: ++beat }), 0);
    } finally {
      await file.close();
    }
  };
  const timer = setInterval(() => {
    writing = writing.then(write).catch(() => undefined); // a full or slow disk: the next beat may succeed
  }, times.beat);
  timer.unref();
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      await writing;
      if (await isMine().catch(() => false)) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** Removes a dead holder's file by a rename, which moves exactly one file. A newer file is put back. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const moved = await contentOf(aside);
  const newer = parse(moved);
  if (newer !== undefined && newer.token !== parse(dead)?.token)
    await writeFile(path, moved ?? "", { flag: "wx" }).catch(() => undefined);
  await rm(aside, { force: true });
}

/** Whether the holder's processes have ended; undefined if this machine cannot know. */
function isGone(content: string): boolean | undefined {
  const holder = parse(content);
  if (holder?.machine !== thisMachine()) return undefined;
  return holder.processes.every(({ pid, started }) => started === undefined || locateProcess(pid) !== started);
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function parse(content: string | undefined): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content ?? "");
    if (!isRecord(value) || typeof value.token !== "string" || !Array.isArray(value.processes)) return undefined;
    return value as unknown as Holder;
  } catch {
    return undefined; // it is being written
  }
}
