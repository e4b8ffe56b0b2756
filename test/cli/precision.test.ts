import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { json, makeTinyFolder, type PredictionJson, type TinyFolder } from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
before(async () => {
  tiny = await makeTinyFolder();
});
after(() => rm(tiny.folder, { recursive: true, force: true }));

test("evaluate --precision int8 says what it saves, and compares some texts with float32", async () => {
  const { model, adapter, csv } = tiny;
  const base = ["evaluate", "--model", model, "--adapter", adapter, "--data", csv, "--labels", "neg,pos"];
  const printed = await cli([...base, "--precision", "int8", "--precision-check", "9"]);
  assert.equal(printed.code, 0, printed.err);
  assert.match(
    printed.err.replace(/\s+/g, " "),
    /Precision int8: \d+ weights take .* instead of .*; products by \S+\. On 9 check texts: accuracy [01]\.\d{4}, in float32 [01]\.\d{4}; /,
  );
  const { precision } = json<{ precision: { used: string; check?: { texts: number } } }>(
    await cli([...base, "--precision", "int8", "--json"]),
  );
  assert.deepEqual([precision.used, precision.check?.texts], ["int8", 32]);
  const without = await cli([...base, "--precision", "int8", "--precision-check", "0"]);
  assert.doesNotMatch(without.err, /check text/);
  assert.equal("precision" in json<object>(await cli([...base, "--json"])), false);
});

test("predict takes --precision, and says that bf16 is not used", async () => {
  const base = ["predict", "--model", tiny.model, "--adapter", tiny.adapter, "w5 w6 w7 w25"];
  const [full, rounded] = [
    json<PredictionJson>(await cli([...base, "--json"])),
    json<PredictionJson>(await cli([...base, "--json", "--precision", "int8"])),
  ];
  assert.notEqual(rounded.score, full.score);
  assert.ok(Math.abs(rounded.score - full.score) < 0.05);
  const printed = await cli([...base, "--precision", "bf16"]);
  assert.equal(printed.out, (await cli(base)).out);
  assert.match(printed.err.replace(/\s+/g, " "), /Precision bf16 brings nothing to prediction and is not used/);
});

test("precisions that cannot be are refused", async () => {
  const { model, adapter, csv } = tiny;
  const base = ["evaluate", "--model", model, "--adapter", adapter, "--data", csv];
  for (const [args, expected] of [
    [["--precision", "int4"], /--precision.*int4/s],
    [["--precision-check", "9"], /--precision-check is for --precision int8; got float32/],
    [["--precision", "bf16", "--precision-check", "9"], /--precision-check is for --precision int8; got bf16/],
  ] as const) {
    const { code, out, err } = await cli([...base, ...args]);
    assert.notEqual(code, 0);
    assert.equal(out, "");
    assert.match(err.replace(/\s+/g, " "), expected);
  }
});
