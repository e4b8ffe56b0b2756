import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { PendingJobs } from "../../src/jobs/drivers/pending-jobs";
import { shellWord } from "../../src/base/shell-word";
import { arrayScript } from "../../src/jobs/drivers/slurm/array-script";
import { mostTasks } from "../../src/jobs/drivers/slurm/slurm-commands";
import { SlurmDriver } from "../../src/jobs/drivers/slurm/slurm-driver";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { waitUntil } from "../base/wait-until";
import { processesWith, temporaryFolder } from "./jobs-folder";
import { NO_SLURM, startSlurm } from "./servers/slurm-cluster";
import { repeatedSteps, SMALL_TYPES, smallDocument, smallHash } from "./small-job";

const TIMES = { gather: 200, poll: 500 };
const CODE = { types: SMALL_TYPES, command: [process.execPath, join(__dirname, "small-job-run.js")] };

/**
 * Processes of small jobs with a mark. SLURM's own commands, such as sbatch, have the mark in their environment too.
 */
const tasksWith = (mark: string): readonly number[] =>
  processesWith(mark).flatMap(({ pid, command }) => (command.includes("small-job") ? [pid] : []));

/** Whether a command line is that of SLURM's or munge's servers, which the test started too. */
const isServer = (command: string): boolean => /slurm|munge/.test(command);

async function storeOf(t: TestContext, name = "store"): Promise<{ store: FolderStore; folder: string; mark: string }> {
  const mark = randomBytes(8).toString("hex");
  process.env.TSLORA_TEST_MARK = mark;
  const folder = await temporaryFolder(t);
  return { store: await FolderStore.open(join(folder, name)), folder, mark };
}

test("an array's script quotes what a shell would read", () => {
  assert.equal(shellWord("/a/b-c_1.2"), "/a/b-c_1.2");
  assert.equal(shellWord("it's $HOME"), `'it'\\''s $HOME'`);
  const script = arrayScript({
    name: "n",
    folder: "/s x",
    count: 3,
    command: ["node", "a b"],
    after: ["--inputs", "/d"],
  });
  assert.match(script, /^#SBATCH --array=1-3$/m);
  assert.match(script, /^#SBATCH --output="\/s x\/%a\.log"$/m);
  assert.match(script, /^name=\$\(sed -n "\$\{SLURM_ARRAY_TASK_ID\}p" '\/s x\/jobs\.txt'\)$/m);
  assert.match(script, /^exec node 'a b' "\$name" --inputs \/d$/m);
  execFileSync("bash", ["-n"], { input: script });
});

test("a job whose signal was aborted before it is waited for is stopped", async () => {
  const pending = new PendingJobs();
  const outcome = await pending.wait({
    document: smallDocument("early", { steps: 1 }),
    options: { signal: AbortSignal.abort() },
    own: {},
    stop: async (job) => pending.get(job)?.settle({ type: "stopped", job }),
  });
  assert.deepEqual(outcome, { type: "stopped", job: "early" });
});

/** Puts shell scripts first on the path, in place of SLURM's programs, until the test ends. */
async function fakePrograms(t: TestContext, folder: string, programs: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, "bin"));
  for (const [name, body] of Object.entries(programs))
    await writeFile(join(folder, "bin", name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${join(folder, "bin")}:${before ?? ""}`;
  t.after(() => (process.env.PATH = before));
}

test("the numbers of an array's tasks stay below the cluster's MaxArraySize", () => {
  const config = (size: string): string =>
    `MailProg                = /bin/mail\nMaxArraySize            = ${size}\nMaxDBDMsgs = 20008\n`;
  assert.equal(mostTasks(config("101")), 100);
  assert.equal(mostTasks(config("1001")), 1000);
  assert.equal(mostTasks(config("4000001")), 1000);
  for (const none of ["0", "1", "2"]) assert.equal(mostTasks(config(none)), 1);
  assert.equal(mostTasks(""), 1000);
});

test("a cluster of small arrays gets more arrays", async (t) => {
  const { store, folder } = await storeOf(t);
  await fakePrograms(t, folder, { scontrol: "echo 'MaxArraySize            = 3'" });
  const driver = new SlurmDriver({ store, mode: "script", times: TIMES, code: CODE });
  const names = ["a", "b", "c", "d", "e"];
  const running = names.map((name) => driver.run(smallDocument(name, { steps: 1 })));
  const arrays = (): string[] =>
    existsSync(join(store.place, "slurm"))
      ? readdirSync(join(store.place, "slurm"))
          .map((name) => join(store.place, "slurm", name))
          .filter((place) => existsSync(join(place, "array.sh")))
      : [];
  const jobsOf = (array: string): string[] => readFileSync(join(array, "jobs.txt"), "utf8").trim().split("\n");
  await waitUntil(() => arrays().flatMap(jobsOf).length === names.length, { what: "the scripts are written" });
  for (const array of arrays()) {
    assert.ok(jobsOf(array).length <= 2);
    assert.match(readFileSync(join(array, "array.sh"), "utf8"), /^#SBATCH --array=1-[12]$/m);
  }
  assert.deepEqual(arrays().flatMap(jobsOf).sort(), names);
  await driver.close();
  assert.deepEqual(new Set((await Promise.all(running)).map(({ type }) => type)), new Set(["stopped"]));
});

test("a driver that closes while an array is submitted takes its tasks out of the queue", async (t) => {
  const { store, folder } = await storeOf(t);
  const [begun, go, cancelled] = ["begun", "go", "cancelled"].map((name) => join(folder, name));
  await fakePrograms(t, folder, {
    sbatch: `touch '${begun}'; while [ ! -e '${go}' ]; do sleep 0.05; done; echo 7`,
    scancel: `echo "$@" > '${cancelled}.part' && mv '${cancelled}.part' '${cancelled}'`,
  });
  const driver = new SlurmDriver({ store, mode: "submit", times: TIMES, code: CODE });
  const running = driver.run(smallDocument("late", { steps: 1 }));
  await waitUntil(() => existsSync(begun), { what: "the array is submitted" });
  await driver.close();
  assert.deepEqual(await running, { type: "stopped", job: "late" });
  await writeFile(go, "");
  await waitUntil(() => existsSync(cancelled), { what: "the task is cancelled" });
  assert.match(readFileSync(cancelled, "utf8"), /\b7_1\b/);
});

/** Jobs of the array: the slow tests run 20. */
const JOBS = process.env.TSLORA_SLOW_JOBS === undefined ? 6 : 20;

test("an array with killed tasks and a failing job: all others are done", { skip: NO_SLURM }, async (t) => {
  await startSlurm(t);
  const { store, folder, mark } = await storeOf(t, "a store"); // sbatch must not cut its path
  const ledger = join(folder, "ledger");
  const notices: string[] = [];
  const driver = new SlurmDriver({
    ...{ store, mode: "submit", times: TIMES, code: CODE },
    onNotice: (text) => notices.push(text),
  });
  const jobs = Array.from({ length: JOBS - 1 }, (_, i) =>
    smallDocument(`job-${i}`, { steps: 3, pause: 20, seed: i, ledger }),
  );
  const running = [smallDocument("bad", { steps: 1, fails: "damaged" }), ...jobs].map((job) => driver.run(job));
  let kills = 0;
  for (let left = 2; left > 0; left--) {
    await waitUntil(() => tasksWith(mark).length > 0, { what: "a task runs" });
    for (const pid of tasksWith(mark)) {
      try {
        process.kill(pid, "SIGKILL");
        kills++;
      } catch {
        // it has ended
      }
    }
  }
  const [bad, ...outcomes] = await Promise.all(running);
  assert.deepEqual(bad, { type: "failed", job: "bad", attempts: 3, error: "damaged" });
  assert.deepEqual(new Set(outcomes.map(({ type }) => type)), new Set(["done"]));
  for (const job of jobs)
    assert.equal(await readFile(await store.resultFile(job.name, "hash.txt"), "utf8"), `${smallHash(job)}\n`);
  assert.ok(repeatedSteps(ledger) <= kills);
  assert.match(notices[0], new RegExp(`SLURM has ${JOBS} jobs as the array \\d+`));
  const [array] = await readdir(join(store.place, "slurm"));
  assert.ok((await readdir(join(store.place, "slurm", array))).includes("1.log"), "a log in a folder with a blank");
  await driver.close();
  await waitUntil(() => processesWith(mark).every(({ command }) => isServer(command)), {
    what: "all tasks have ended",
  });
});

test(
  "the driver writes a script, prints the command, and waits for what the user submits",
  { skip: NO_SLURM },
  async (t) => {
    await startSlurm(t);
    const { store } = await storeOf(t);
    const notices: string[] = [];
    const driver = new SlurmDriver({
      ...{ store, mode: "script", times: TIMES, code: CODE, sbatch: ["--time=10"] },
      onNotice: (text) => notices.push(text),
    });
    const running = Promise.all(["a", "b"].map((name) => driver.run(smallDocument(name, { steps: 1 }))));
    await waitUntil(() => notices.length > 0, { what: "the command is printed" });
    const [, command] = /^Submit 2 jobs: (sbatch --time=10 .*array\.sh)$/.exec(notices[0]) ?? [];
    execFileSync("bash", ["-c", command], { stdio: "ignore" });
    assert.deepEqual(new Set((await running).map(({ type }) => type)), new Set(["done"]));
    const controller = new AbortController();
    const stopped = driver.run(smallDocument("c", { steps: 1 }), { signal: controller.signal });
    await waitUntil(() => notices.length > 1, { what: "the second command is printed" });
    controller.abort();
    assert.deepEqual(await stopped, { type: "stopped", job: "c" });
    await driver.close();
  },
);
