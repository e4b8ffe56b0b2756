import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { expectWithin } from "../ops/expect-within";
import {
  json,
  lines,
  makeTinyFolder,
  referenceProbabilities,
  type PredictionJson,
  type TinyFolder,
} from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

test("merge checks its result, writes a folder that predicts as base and adapter do, and replaces nothing without --overwrite", async () => {
  const out = join(folder, "merged");
  const base = ["merge", "--model", model, "--adapter", tiny.adapter, "-o", out];
  const printed = await cli(base);
  assert.equal(printed.code, 0, printed.err);
  const [difference, bound] =
    /logits differ by at most ([\d.e+-]+) \(bound ([\d.e+-]+)\)/.exec(printed.out)?.slice(1).map(Number) ?? [];
  assert.ok(difference <= bound, printed.out);
  const scores = async (...args: string[]): Promise<number[]> =>
    lines((await cli(["predict", "--json", ...args, "w5 w6", "w40 w41 w42"])).out).map(
      (line) => (JSON.parse(line) as PredictionJson).probabilities.POSITIVE,
    );
  const [apart, merged] = [await scores("--model", model, "--adapter", tiny.adapter), await scores("--model", out)];
  const reference = await referenceProbabilities(["w5 w6", "w40 w41 w42"], tiny);
  for (const [what, found] of Object.entries({ apart, merged })) expectWithin(found, reference, { what });

  await writeFile(join(folder, "model.index.json"), "");
  for (const [args, expected] of [
    [base, /holds files already[\s\S]*--overwrite/],
    [["merge"], /--adapter is needed[\s\S]*--output is needed/],
    [["merge", "--model", model, "--adapter", tiny.adapter, "-o", model, "--overwrite"], /read from/],
    [
      ["merge", "--model", model, "--adapter", tiny.adapter, "-o", folder, "--overwrite"],
      /holds other weights \(model\.index\.json\)/,
    ],
    [
      ["merge", "--adapter", tiny.adapter, "-o", join(folder, "never")],
      /--model is needed, since .* does not name the adapter's base/,
    ],
  ] as [string[], RegExp][]) {
    const refused = await cli(args);
    assert.equal(refused.code, 2, refused.out);
    assert.match(refused.err, expected);
  }
  await rm(join(folder, "model.index.json"));
  assert.ok(!existsSync(join(folder, "never")));
  const doc = json<{ check: { largestDifference: number; bound: number }; labels: string[] }>(
    await cli([...base, "--overwrite", "--json", "--labels", "no,yes"]),
  );
  assert.ok(doc.check.largestDifference <= doc.check.bound);
  assert.deepEqual(doc.labels, ["no", "yes"]);
});
