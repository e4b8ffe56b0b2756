import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { HubServer, type Fault, type HubRequest } from "../hub/hub-server";
import { ADAPTER, CANARY, folderOf } from "../hub/push-folders";
import { cli, MAIN, tinyCsv, tinyModel } from "./tiny";

let home = "";
let folder = "";
let hub: HubServer;
let fault: (request: HubRequest) => Fault | undefined = () => undefined;
before(async () => {
  home = await mkdtemp(join(tmpdir(), "tslora-push-cli-"));
  await writeFile(join(home, "token"), CANARY);
  folder = await folderOf({ ...ADAPTER, "optimizer.pt": Buffer.from("x") });
  hub = await HubServer.start({ token: CANARY, fault: (request) => fault(request) });
});
after(async () => {
  await hub.close();
  await Promise.all([home, folder].map((path) => rm(path, { recursive: true, force: true })));
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the command line in a process of its own, which finds the token in a file, with the log of requests. */
function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { child: ChildProcessByStdio<null, Readable, Readable>; ended: Promise<Ended> } {
  const others = { ...process.env };
  for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE"])
    delete others[name];
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...others, HF_HOME: home, HF_ENDPOINT: hub.endpoint, NODE_DEBUG: "tslora:hub,undici,fetch", ...env },
  });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...printed }));
  return { child, ended };
}

const run = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> => start(args, env).ended;

function expectNoToken({ out, err }: Ended): void {
  assert.ok(!out.includes(CANARY) && !err.includes(CANARY), "the token is shown");
  const log = err.split("\n").filter((line) => line.startsWith("TSLORA:"));
  assert.deepEqual(
    [out, ...log].filter((text) => text.includes("X-Amz-Signature")),
    [],
    "an address that grants access is shown",
  );
}

test("push and pull on the command line never print the token", async () => {
  const first = await run(["push", folder, "me/cli", "--commit-message", "By hand", "--private"]);
  assert.equal(first.code, 0, first.err);
  assert.match(
    first.out,
    /^Sent 4 of 4 files; the commit changes 4 of 4 files\.\ncommit: [0-9a-f]{40}\npage: http\S+\/me\/cli\n$/,
  );
  assert.match(first.err, /Not sent: optimizer\.pt\./);
  assert.match(first.err, /POST http\S+\/api\/models\/me\/cli\/commit\/main: 200/);
  assert.deepEqual(hub.files("me/cli"), ADAPTER);
  assert.equal(hub.repositories.get("me/cli")?.commits[0].summary, "By hand");
  const again = await run(["push", folder, "me/cli", "--json"]);
  const json = JSON.parse(again.out) as Record<string, unknown>;
  assert.deepEqual([json.changed, json.sent, json.notSent], [[], [], ["optimizer.pt"]]);
  const fixture = join(projectRoot(), "test", "fixtures", "tiny-distilbert");
  const base = ["config.json", "model.safetensors"].map((name) => [name, readFileSync(join(fixture, name))]);
  hub.add("some/base", { files: Object.fromEntries(base) as Record<string, Buffer> });
  const pulled = await run(["pull", "me/cli@main"]);
  assert.equal(pulled.code, 0, pulled.err);
  const [, directory, fetched] = /^adapter: (.*)\nbase: (.*)\ncommit: [0-9a-f]{40}\n$/.exec(pulled.out) ?? [];
  for (const [name, bytes] of Object.entries(ADAPTER)) assert.deepEqual(await readFile(join(directory, name)), bytes);
  assert.match(fetched, /models--some--base\/snapshots\/[0-9a-f]{40}$/);
  const failed = await run(["push", folder, "you/it"], { HF_TOKEN: CANARY });
  assert.equal(failed.code, 2);
  assert.match(failed.err, /does not let the token write you\/it .*The token of HF_TOKEN was sent/);
  for (const printed of [first, again, pulled, failed]) expectNoToken(printed);
  for (const file of await readdir(home, { recursive: true, withFileTypes: true }))
    if (file.isFile() && file.name !== "token")
      assert.ok(!readFileSync(join(file.parentPath, file.name)).includes(CANARY), file.name);
  assert.deepEqual([hub.leaked, hub.mistakes], [[], []]);
});

test("Ctrl-C ends a push with 130 and leaves the repository as it is; the token is in no process list", async () => {
  let asked: () => void = () => undefined;
  const storing = new Promise<void>((done) => (asked = done));
  fault = ({ method }) => (method === "PUT" ? (asked(), { silent: true }) : undefined);
  const other = await folderOf({ ...ADAPTER, "adapter_model.safetensors": Buffer.alloc(5000, "other") });
  try {
    const { child, ended } = start(["push", other, "me/stopped"]);
    await Promise.race([storing, ended.then(({ err }) => assert.fail(err))]);
    const lists = (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8");
        } catch {
          return ""; // it has ended
        }
      });
    assert.ok(lists.some((line) => line.includes("me/stopped")));
    assert.ok(!lists.some((line) => line.includes(CANARY)));
    child.kill("SIGINT");
    const printed = await ended;
    assert.equal(printed.code, 130, printed.err);
    assert.match(printed.err, /Stopping: unless the commit has begun/);
    expectNoToken(printed);
    assert.deepEqual(hub.files("me/stopped"), {});
  } finally {
    fault = () => undefined;
    await rm(other, { recursive: true });
  }
});

test("exit codes and messages name what is wrong, before anything is sent", async () => {
  const asked = hub.requests.length;
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["push", folder], 2, /missing required argument 'name'/],
    [["push", folder, "it"], 2, /tslora push: repoId must be of the form owner\/name; got "it"/],
    [["push", join(folder, "none"), "me/it"], 2, /tslora push: the folder .* cannot be read/],
    [["push", folder, "me/it", "--revision", "../x"], 2, /--revision must name a branch/],
    [["pull", "me/it@a", "--revision", "b"], 2, /the revision must be given once/],
    [["pull", "./folder"], 2, /tslora pull: the name must/],
  ];
  const token = process.env.HF_TOKEN;
  process.env.HF_TOKEN = CANARY;
  try {
    for (const [args, code, message] of cases) {
      const printed = await cli(args);
      assert.match(printed.err, message);
      assert.equal(printed.code, code);
    }
  } finally {
    if (token === undefined) delete process.env.HF_TOKEN;
    else process.env.HF_TOKEN = token;
  }
  const dry = await cli(["push", folder, "me/it", "--dry-run", "--create-pr"]);
  assert.equal(dry.code, 0);
  assert.match(
    dry.out,
    /^Dry run: nothing is sent\. The adapter would go to a pull request for main of me\/it, as "Upload with tslora"\.\nfile/,
  );
  assert.match(dry.out, /adapter_model\.safetensors +300\.0 kB\n[\s\S]*together +\d+\.\d kB\n$/);
  assert.equal(hub.requests.length, asked);
  const unreachable = await run(["push", folder, "me/it"], { HF_ENDPOINT: "http://127.0.0.1:9" });
  assert.equal(unreachable.code, 5, unreachable.err);
  expectNoToken(unreachable);
});

test("the folder that train writes is pushed with a model card of the run's facts", async () => {
  const runs = join(home, "runs");
  await mkdir(runs);
  const model = await tinyModel(join(home, "model"));
  const csv = await tinyCsv(join(home, "reviews.csv"));
  const out = join(runs, "one");
  const trained = await cli(["train", "--model", model, "--data", csv, "-o", out, "--max-steps", "6", "--baseline"]);
  assert.equal(trained.code, 0, trained.err);
  const printed = await run(["push", join(out, "adapter"), "me/trained", "--json"]);
  assert.equal(printed.code, 0, printed.err);
  expectNoToken(printed);
  const files = hub.files("me/trained");
  assert.deepEqual(Object.keys(files), ["README.md", "adapter_config.json", "adapter_model.safetensors", "vocab.txt"]);
  const card = files["README.md"].toString();
  for (const part of [
    "reviews.csv",
    "Texts: 24 for training, 8 for validation, 8 for test.",
    "SHA-256 of the source",
    "| r | 8 |",
    "| numTrainEpochs |",
    "TF-IDF with logistic regression",
    "Confusion matrix",
  ])
    assert.ok(card.includes(part), `${part}\n${card}`);
  assert.ok(!card.includes(home), "the card names no path of this machine");
});
