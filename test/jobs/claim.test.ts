import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { thisMachine } from "../../src/base/lock/this-machine";
import { ClaimFile } from "../../src/jobs/store/claim-file";
import type { ClaimOptions, JobClaim } from "../../src/jobs/store/job-store";
import { takeClaim, type ClaimTimes } from "../../src/jobs/store/take-claim";
import { waitUntil } from "../base/wait-until";
import { temporaryFolder } from "./jobs-folder";

const TIMES = { beat: 10, silence: 100, look: 5 };
/** Looks for which the other worker lives: together much longer than its silence may last. */
const BEATS = 60;
const MINE = { processes: [process.pid], times: TIMES };

const claimFile = (path: string, options: ClaimOptions & { times?: ClaimTimes }): Promise<JobClaim | undefined> =>
  takeClaim(new ClaimFile(path), options);

/** The file of a worker on another machine. */
const foreign = (beat: number): string =>
  JSON.stringify({ token: "f".repeat(24), machine: "another", processes: [{ pid: 1, started: "1" }], beat });

test("one worker at a time has a claim", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  let holders = 0;
  const work = async (): Promise<void> => {
    const claim = await claimFile(path, MINE);
    assert.equal(++holders, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    holders--;
    await claim?.release();
  };
  await Promise.all(Array.from({ length: 8 }, work));
  assert.ok(!existsSync(path));
});

test("the claim of a dead process of this machine is taken over at once", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  const claim = await claimFile(path, MINE);
  const file = JSON.parse(readFileSync(path, "utf8")) as { processes: { started: string }[] };
  await claim?.release();
  file.processes[0].started = "1"; // the process id was given to another process meanwhile
  writeFileSync(path, JSON.stringify(file));
  const next = await claimFile(path, { ...MINE, times: { ...TIMES, silence: 1e9 } });
  assert.ok(next !== undefined);
  await next.release();
});

test("a worker on another machine is gone when its beat does not change, whatever the clocks", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  let looks = 0;
  writeFileSync(path, foreign(0));
  const until = async (): Promise<boolean> => {
    if (++looks <= BEATS) writeFileSync(path, foreign(looks)); // the other worker's beat changes between two looks
    return Promise.resolve(false);
  };
  const claim = await claimFile(path, { ...MINE, until });
  assert.ok(claim !== undefined && looks > BEATS, `taken at look ${looks}`);
  await claim.release();
});

test("a worker of this machine whose start is unknown is gone when its beat does not change", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  const own = (beat: number): string =>
    JSON.stringify({ token: "f".repeat(24), machine: thisMachine(), processes: [{ pid: process.pid }], beat });
  let looks = 0;
  writeFileSync(path, own(0));
  const until = async (): Promise<boolean> => {
    if (++looks <= BEATS) writeFileSync(path, own(looks));
    return Promise.resolve(false);
  };
  const claim = await claimFile(path, { ...MINE, until });
  assert.ok(claim !== undefined && looks > BEATS, `taken at look ${looks}`);
  await claim.release();
});

test("a claim that its worker writes just now is not taken away with a dead one's", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  const newer = await open(path, "wx"); // its worker has made it, and writes it next
  await new ClaimFile(path).takeAway(foreign(0));
  await newer.writeFile(foreign(1));
  await newer.close();
  assert.equal(readFileSync(path, "utf8"), foreign(1));
});

test("a wait for a claim ends when the job is done, or by the signal", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  const claim = await claimFile(path, MINE);
  let looks = 0;
  assert.equal(await claimFile(path, { ...MINE, until: () => Promise.resolve(++looks > 3) }), undefined);
  await assert.rejects(claimFile(path, { ...MINE, signal: AbortSignal.timeout(20) }), { code: "aborted" });
  await claim?.release();
});

test("a process whose claim was taken away notices it, and leaves the new one alone", async (t) => {
  const path = join(await temporaryFolder(t), "claim.json");
  const claim = await claimFile(path, MINE);
  writeFileSync(path, foreign(0));
  await waitUntil(() => claim?.lost.aborted === true, { what: "the claim is lost", pauseMs: 2 });
  await claim?.release();
  assert.equal(readFileSync(path, "utf8"), foreign(0));
});
