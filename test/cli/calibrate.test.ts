import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { json, lines, makeTinyFolder, type TinyFolder } from "./library-commands";
import { cli, tinyCsv, type Printed } from "./tiny";

interface Line {
  readonly label: string;
  readonly score: number | null;
  readonly set?: readonly string[];
  readonly probabilities: Readonly<Record<string, number>>;
}

let tiny: TinyFolder;
let adapter = "";
let data = "";
const calibrate = (...more: string[]): Promise<Printed> =>
  cli(["calibrate", "--model", tiny.model, "--adapter", adapter, "--data", data, ...more]);
const predictLines = async (...more: string[]): Promise<Line[]> => {
  const printed = await cli([
    "predict",
    "--model",
    tiny.model,
    "--adapter",
    adapter,
    "--json",
    ...more,
    "w5 w6",
    "w40 w5",
  ]);
  assert.equal(printed.code, 0, printed.err);
  return lines(printed.out).map((line) => JSON.parse(line) as Line);
};
before(async () => {
  tiny = await makeTinyFolder();
  adapter = tiny.adapter;
  data = await tinyCsv(join(tiny.folder, "validation.csv"), 60);
});
after(() => rm(tiny.folder, { recursive: true, force: true }));

test("--abstain without a calibration names the command that makes it", async () => {
  const printed = await cli(["predict", "--model", tiny.model, "--adapter", adapter, "--abstain", "0.05", "w5"]);
  assert.equal(printed.out, "");
  assert.match(printed.err, /needs conformal\.json.*npx tslora calibrate --adapter .* --data validation\.csv/s);
  for (const more of [
    ["--abstain", "2"],
    ["--abstain", "0.1", "--threshold", "0.5"],
  ]) {
    const { code, err } = await cli(["predict", "--model", tiny.model, "--adapter", adapter, ...more, "w5"]);
    assert.equal(code, 2);
    assert.match(err, /--abstain/);
  }
});

test("calibrate writes both files; predict and evaluate use them, and --no-calibration does not", async () => {
  const plain = await predictLines();
  const printed = await calibrate("--labels", "neg,pos", "--method", "sigmoid", "--json");
  assert.equal(printed.code, 0, printed.err);
  const result = json<{
    files: string[];
    calibration: { method: string; n: number };
    after: { logLoss: number };
    before: { logLoss: number };
  }>(printed);
  assert.deepEqual([result.calibration.method, result.calibration.n, result.files.length], ["sigmoid", 60, 2]);
  assert.ok(result.after.logLoss < result.before.logLoss);
  const same = ["--test", `${tiny.folder}/./validation.csv`, "--json"]; // the file of --data
  const onSame = await calibrate("--labels", "neg,pos", "--method", "sigmoid", ...same);
  assert.equal(json<{ comparedOn: string }>(onSame).comparedOn, "data");
  const named = ["--labels", "neg,pos"];
  const calibrated = await predictLines(...named);
  assert.notDeepEqual(
    calibrated.map(({ probabilities }) => probabilities.pos),
    plain.map(({ probabilities }) => probabilities.POSITIVE),
  );
  assert.deepEqual(
    (await predictLines(...named, "--no-calibration")).map(({ probabilities }) => probabilities.pos),
    plain.map(({ probabilities }) => probabilities.POSITIVE),
  );
  const evaluateArgs = ["evaluate", "--model", tiny.model, "--adapter", adapter, "--data", data, ...named, "--json"];
  const [mended, raw] = [await cli(evaluateArgs), await cli([...evaluateArgs, "--no-calibration"])].map((one) =>
    json<{ evaluation: { loss: number }; calibration?: string }>(one),
  );
  assert.deepEqual([mended.calibration, raw.calibration], ["sigmoid", undefined]);
  assert.ok(Math.abs(mended.evaluation.loss - result.after.logLoss) < 1e-6);
  assert.ok(Math.abs(raw.evaluation.loss - result.before.logLoss) < 1e-6);
  for (const { label, score, set } of await predictLines(...named, "--abstain", "0.2")) {
    assert.ok(set !== undefined);
    assert.equal(label, set.length === 1 ? set[0] : "");
    assert.equal(score === null, label === "");
  }
  const few = await cli(["predict", "--model", tiny.model, "--adapter", adapter, ...named, "--abstain", "0.01", "w5"]);
  assert.match(few.err, /--abstain 0\.01 needs 99 calibration texts; .* was calibrated on 60/);
});

test("a calibration of other labels or weights is refused, and a failed one leaves the files as they were", async () => {
  const path = join(adapter, "calibration.json");
  const kept = await readFile(path, "utf8");
  const others = await cli(["predict", "--model", tiny.model, "--adapter", adapter, "--labels", "a,b", "w5"]);
  assert.match(others.err, /calibration\.json must be for the labels "a", "b"; it is for "neg", "pos"\. Make it again/);
  const missing = await calibrate("--labels", "neg,pos", "--test", join(tiny.folder, "none.csv"));
  assert.notEqual(missing.code, 0);
  assert.equal(await readFile(path, "utf8"), kept);
  await assert.rejects(stat(join(adapter, ".tslora-lock")));
  await writeFile(path, kept.replace(/"weights": "[0-9a-f]{64}"/, `"weights": "${"0".repeat(64)}"`));
  const stale = await cli(["predict", "--model", tiny.model, "--adapter", adapter, "--labels", "neg,pos", "w5"]);
  assert.equal(stale.out, "");
  assert.match(
    stale.err,
    /must be for the weights in its folder; they have changed since it was made\. Make it again with npx tslora calibrate, or remove it\./,
  );
  const other = { ...(JSON.parse(kept) as object), calibration: { method: "temperature" } };
  await writeFile(path, JSON.stringify(other));
  const broken = await cli(["predict", "--model", tiny.model, "--adapter", adapter, "--labels", "neg,pos", "w5"]);
  assert.match(broken.err, /calibration\.json must be a file that npx tslora calibrate writes; it holds/);
  assert.equal(broken.out, "");
});

test("calibrate shows before and after to people, and compares on other texts with --test", async () => {
  const others = await tinyCsv(join(tiny.folder, "others.csv"), 60);
  const printed = await calibrate("--labels", "neg,pos", "--sets", "aps", "--test", others, "--method", "isotonic");
  assert.equal(printed.code, 0, printed.err);
  assert.match(
    printed.out,
    /^Calibration: isotonic regression, fitted on 60 texts\.\n\n {2}on 60 texts +before +after\n/,
  );
  assert.match(printed.out, /Prediction sets: aps\. predict --abstain takes an alpha from 0\.016\./);
  assert.doesNotMatch(printed.out, /too good/);
  assert.ok(lines(printed.out).every((line) => line.length <= 100 || line.includes("json")));
  const none = await cli(["calibrate", "--model", "embedded", "--data", data]);
  assert.match(none.err, /--adapter, or --model with a folder, is needed/);
});
