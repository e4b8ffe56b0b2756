import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { isRecord } from "../../base/json";
import { isRunning, locateProcess, type ProcessName } from "../../base/lock/locate-process";
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

/** Tokens of this process's claims that could not be removed when they were released: the next holder removes them. */
const left = new Set<string>();

export const CLAIM_TIMES: ClaimTimes = { beat: 5000, silence: 60_000, look: 500 };

/** Where a claim is: a file or an object that one process at a time can create. */
export interface ClaimPlace {
  /** Creates it. Returns false if it is there. */
  create(content: string): Promise<boolean>;
  /** Its content; undefined if it is not there. */
  read(): Promise<string | undefined>;
  /** Replaces the holder's content. */
  beat(content: string): Promise<void>;
  /** Removes a claim whose holder has ended or released it, and no newer one. */
  takeAway(ended: string): Promise<void>;
}

/** Content of a claim. */
interface Holder {
  readonly token: string;
  readonly machine: string;
  readonly processes: readonly ProcessName[];
  /** Counts up while the holder runs. */
  readonly beat: number;
}

/**
 * Takes a claim. That of a dead process of this machine is taken over at once. A process of another machine counts as
 * dead when the claim's content has not changed for a time that this process measures itself: the clocks of two
 * machines are never compared.
 *
 * @returns undefined if `until` ended the wait
 * @throws TsloraError `aborted` if the signal ended it
 */
export async function takeClaim(
  place: ClaimPlace,
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
    if (await place.create(JSON.stringify(holder))) return held(place, { holder, times });
    const content = await place.read();
    const token = tokenOf(content);
    if (token === holder.token) return held(place, { holder, times }); // written, but the answer was lost
    if (await until?.()) return undefined;
    if (signal?.aborted === true) throw new TsloraError("aborted", "The job was stopped while another worker had it.");
    if (content === undefined) continue;
    if (token !== undefined && left.has(token)) {
      await place.takeAway(content);
      left.delete(token);
      continue;
    }
    if (seen?.content !== content) seen = { content, since: performance.now() };
    const silent = performance.now() - seen.since > times.silence;
    if (isGone(content) === true || silent) await place.takeAway(content);
    else await delay(times.look, undefined, { signal }).catch(() => undefined);
  }
}

function held(place: ClaimPlace, { holder, times }: { holder: Holder; times: ClaimTimes }): JobClaim {
  const lost = new AbortController();
  let beat = 0;
  let writing: Promise<void> | undefined;
  const mine = async (): Promise<string | undefined> => {
    const content = await place.read();
    return tokenOf(content) === holder.token ? content : undefined;
  };
  const write = async (): Promise<void> => {
    if ((await mine()) === undefined) return lost.abort();
    await place.beat(JSON.stringify({ ...holder, beat: ++beat }));
  };
  const timer = setInterval(() => {
    writing ??= write()
      .catch(() => undefined) // a full or slow disk: the next beat may succeed
      .finally(() => (writing = undefined));
  }, times.beat);
  timer.unref();
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      await writing;
      try {
        const content = await mine();
        if (content !== undefined) await place.takeAway(content);
      } catch {
        left.add(holder.token);
      }
    },
  };
}

/** Whether the holder's processes have ended; undefined if this machine cannot know. */
function isGone(content: string): boolean | undefined {
  const holder = parse(content);
  if (holder?.machine !== thisMachine()) return undefined;
  return holder.processes.every((each) => isRunning(each) === false);
}

/** The holder's token; undefined while the content is being written. */
export function tokenOf(content: string | undefined): string | undefined {
  return parse(content)?.token;
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
