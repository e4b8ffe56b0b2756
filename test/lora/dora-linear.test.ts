import assert from "node:assert/strict";
import { test } from "node:test";

import type { Drop } from "../../src/device/ops";
import type { Tensor } from "../../src/device/tensor";
import { TensorflowOps } from "../../src/device/tensorflow-ops";
import { DoraLinear } from "../../src/lora/dora-linear";
import { DropoutSource } from "../../src/model/dropout";
import { Gradients } from "../../src/model/gradients";
import { Linear } from "../../src/model/linear";
import { Parameter } from "../../src/model/parameter";
import { maxDifference } from "../model/fixture";
import { goldens } from "./tiny";

/** Drops what PyTorch dropped: the golden file's mask, 0 or 1 / (1 - rate). */
class GivenMask extends TensorflowOps {
  constructor(readonly mask: readonly number[]) {
    super();
  }
  override keepMask(shape: readonly number[], _drop: Drop, kept = 1): Tensor {
    return this.float(Float32Array.from(this.mask, (value) => (value > 0 ? kept : 0)), shape);
  }
}

const [rows, into, out, r] = [3, 4, 5, 2];
const close = (found: ArrayLike<number>, wanted: readonly number[], what: string): void => {
  const scale = Math.max(1, ...wanted.map(Math.abs));
  assert.ok(maxDifference(found, wanted) < 1e-5 * scale, `${what}: ${maxDifference(found, wanted)} of ${scale}`);
};

for (const golden of goldens.doraLayers) {
  test(`a DoRA layer ${golden.dropout ? "under dropout" : "without dropout"} gives peft's output and every gradient`, async () => {
    const ops = new GivenMask(golden.mask);
    const before = ops.alive();
    const { weights } = golden;
    const parameter = (name: string, shape: readonly number[]): Parameter => new Parameter(ops, name, ops.float(Float32Array.from(weights[name]), shape));
    const linear = new Linear(ops, "0", parameter("weight", [out, into]), parameter("bias", [out]));
    const dora = new DoraLinear({ a: parameter("a", [r, into]), b: parameter("b", [out, r]), magnitude: parameter("magnitude", [out]) }, { scaling: 1.5, loraDropout: golden.dropout ? 0.4 : 0 });
    linear.setAdapter(dora);
    for (const p of [linear.bias, ...dora.parameters]) p.trainable = true;
    const [x, dy] = [ops.float(Float32Array.from(golden.x), [rows, into]), ops.float(Float32Array.from(golden.dy), [rows, out])];
    const { y, saved } = linear.forward({ kind: "training", ops, dropout: golden.dropout ? new DropoutSource(0) : undefined }, x);
    const gradients = new Gradients(ops);
    const dx = linear.backward({ ops, gradients }, dy, { saved, needsInput: true });
    assert.ok(dx);
    close(await ops.read(y), golden.y, "y");
    close(await ops.read(dx), golden.dx, "dx");
    const names: string[] = [];
    for (const [{ name }, gradient] of gradients.entries()) {
      close(await ops.read(gradient), golden.gradients[name], name);
      names.push(name);
    }
    assert.deepEqual(names.sort(), Object.keys(golden.gradients).sort());
    const merged = dora.merged(ops, linear.weight.value);
    close(await ops.read(merged), golden.merged, "merged");
    ops.dispose(y, dx, dy, merged);
    ops.disposeIn(saved);
    gradients.dispose();
    dora.dispose();
    linear.dispose();
    assert.equal(ops.alive(), before);
  });
}
