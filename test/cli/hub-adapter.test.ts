import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { pushToHub } from "../../src/hub/push/push-to-hub";
import { HubServer } from "../hub/hub-server";
import { CANARY } from "../hub/push-folders";
import { changeConfig } from "../lora/base-without";
import { tokenizer } from "../training/tiny";
import { cli, tinyCsv, tinyModel, type Printed } from "./tiny";

let hub: HubServer;
let folder = "";
const variables = ["HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"];
const kept = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
const place = process.cwd();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-hub-adapter-"));
  hub = await HubServer.start({ token: CANARY });
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, "home"), HF_TOKEN: CANARY });
  const base = await tinyModel(folder);
  const classifier = await loadClassifier(base, { tokenizer, seed: 3, labels: ["neg", "pos"] });
  classifier.addAdapter({ r: 2, initLoraWeights: false });
  await classifier.saveAdapter(join(folder, "adapter"));
  classifier.dispose();
  await changeConfig(join(folder, "adapter"), { base_model_name_or_path: "me/base" });
  const to = { endpoint: hub.endpoint, offline: false, token: CANARY };
  await pushToHub({ directory: base, repoId: "me/base", ...to });
  await pushToHub({ directory: join(folder, "adapter"), repoId: "me/it", ...to });
  process.chdir(folder);
});
after(async () => {
  process.chdir(place);
  for (const [name, value] of Object.entries(kept))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const ok = async (...args: string[]): Promise<Printed> => {
  const printed = await cli(args);
  assert.equal(printed.code, 0, printed.err);
  assert.ok(!`${printed.out}${printed.err}`.includes(CANARY), "the token is shown");
  return printed;
};

test("evaluate, predict, merge and export take an adapter by its name on the Hub, as by its folder", async () => {
  const labels = ["--labels", "neg,pos"];
  const own = await ok("predict", "--adapter", "adapter", "--model", "tiny-bert", ...labels, "--json", "w5 w6");
  const named = await ok("predict", "--adapter", "me/it", ...labels, "--json", "w5 w6");
  assert.equal(named.out, own.out);
  const printed = await ok("predict", "--adapter", "me/it@main", ...labels, "w5 w6");
  assert.match(
    printed.err.replace(/\s+/g, " "),
    /Adapter: me\/it at main from the Hub, commit [0-9a-f]{12}, since there/,
  );
  const data = await tinyCsv(join(folder, "texts.csv"));
  await ok("evaluate", "--adapter", "me/it", ...labels, "--data", data);
  await ok("merge", "--adapter", "me/it", ...labels, "-o", "merged");
  await ok("export", "--adapter", "me/it", ...labels, "-o", "exported");
  const merged = await ok("predict", "--model", "merged", "--json", "w5 w6");
  const scores = [own, merged].map(
    ({ out }) => (JSON.parse(out) as { probabilities: { pos: number } }).probabilities.pos,
  );
  assert.ok(Math.abs(scores[0] - scores[1]) < 1e-5);
  const card = await readFile(join(folder, "merged", "README.md"), "utf8");
  assert.match(card, /whose weights hold a merged LoRA adapter, fine-tuned from \[me\/base\]/);
  assert.match(card, /\| r \| 2 \|/);
  assert.match(card, /No record of the run names the training data/);
  assert.doesNotMatch(card, /seed/);
});

test("a folder of the same name takes precedence; a wrong name, revision or kind is an error", async () => {
  await mkdir("me");
  await cp("adapter", join("me", "it"), { recursive: true });
  const printed = await ok("predict", "--adapter", "me/it", "--model", "tiny-bert", "w5");
  assert.match(printed.err.replace(/\s+/g, " "), /Adapter: the folder me\/it/);
  await rm("me", { recursive: true });
  for (const [name, expected] of [
    ["me/base", /holds a model, not an adapter\. Give it with --model/],
    ["me/none", /there is no folder me\/none, so it is looked up on the Hub/],
    ["me/it@none", /looked up on the Hub/],
    ["runs/none", /runs\/none does not hold them/],
    ["none", /none does not hold them/],
  ] as const) {
    const refused = await cli(["predict", "--adapter", name, "w5"]);
    assert.equal(refused.code, 2, refused.err);
    assert.match(refused.err.replace(/\s+/g, " "), expected);
  }
});
