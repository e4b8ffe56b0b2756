import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { isKernelOps, kernelOps } from "../../src/ops/kernel-ops";
import type { AttentionLayout, Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { LoraLinear } from "../../src/lora/lora-linear";
import { DropoutSource } from "../../src/model/parts/dropout";
import { firstTokenAttention, firstTokenAttentionBackward } from "../../src/model/parts/first-token-attention";
import { Gradients } from "../../src/model/parts/gradients";
import { Linear } from "../../src/model/parts/linear";
import { Parameter } from "../../src/model/parts/parameter";
import type { ForwardPass } from "../../src/model/parts/pass";
import { expectWithin } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { implementationName } from "../ops/implementation-name";

const WIDTH = 12;
const HEADS = 3;
const RATE = 0.4;

/** A case: documents' lengths by group, what is adapted, and whether there is dropout. */
interface Case {
  readonly groups: AttentionLayout["groups"];
  readonly adapted: readonly ("key" | "value")[];
  readonly dropout: boolean;
}

const ONE = [{ row: 0, document: 0, documents: 2, length: 5 }];
const TWO = [
  { row: 0, document: 0, documents: 2, length: 3 },
  { row: 6, document: 2, documents: 1, length: 7 },
];

/**
 * Outputs and every gradient by the short way or by the long one, over keys and values; inputs and draws are always the
 * same.
 */
async function results<T>(
  ops: Ops,
  way: "short" | "long",
  { groups, adapted, dropout }: Case,
  read: (tensor: Tensor) => T | Promise<T>,
): Promise<Map<string, T>> {
  const before = ops.alive();
  const random = new Random(5);
  const make = (...shape: number[]): Tensor =>
    ops.float(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.4 * random.normal()),
      shape,
    );
  const rows = groups.reduce((sum, { documents, length }) => sum + documents * length, 0);
  const documents = groups.reduce((sum, group) => sum + group.documents, 0);
  const [x, q, dy] = [make(rows, WIDTH), make(documents, WIDTH), make(documents, WIDTH)];
  const linears = { key: linear("key"), value: linear("value") };
  function linear(name: "key" | "value"): Linear {
    const made = new Linear(
      ops,
      name,
      new Parameter(ops, `${name}.weight`, make(WIDTH, WIDTH)),
      new Parameter(ops, `${name}.bias`, make(WIDTH)),
    );
    const [a, b] = [new Parameter(ops, `${name}.a`, make(2, WIDTH)), new Parameter(ops, `${name}.b`, make(WIDTH, 2))];
    a.trainable = b.trainable = true;
    if (adapted.includes(name))
      made.setAdapter(new LoraLinear({ a, b }, { scaling: 1.5, loraDropout: dropout ? RATE : 0 }));
    else [a, b].forEach((parameter) => parameter.dispose());
    return made;
  }
  const { key, value } = linears;
  const pass: ForwardPass = { kind: "training", ops, dropout: dropout ? new DropoutSource(3) : undefined };
  const gradients = new Gradients(ops);
  const backward = { ops, gradients };
  const layout: AttentionLayout = { heads: HEADS, groups, span: "first-token" };
  const found = ops.tidy(() => {
    if (way === "short") {
      const { y, saved } = firstTokenAttention(pass, { x, q, key, value }, { layout, dropout: RATE });
      const { dq, dx } = firstTokenAttentionBackward(backward, dy, { saved, key, value, needsInput: true });
      const unused = new Gradients(ops);
      const without = firstTokenAttentionBackward({ ops, gradients: unused }, dy, {
        saved,
        key,
        value,
        needsInput: false,
      });
      assert.equal(without.dx, undefined);
      unused.dispose();
      return { y, dq, dx };
    }
    const [k, v] = [key.forward(pass, x), value.forward(pass, x)];
    const { y, saved } = ops.attention(
      { q, k: k.y, v: v.y },
      { layout, drop: pass.kind === "training" ? pass.dropout?.next(RATE) : undefined, keep: true },
    );
    const { dq, dk, dv } = ops.attentionBackward(dy, saved, { needsKey: true });
    const through = [
      dk && key.backward(backward, dk, { saved: k.saved, needsInput: true }),
      value.backward(backward, dv, { saved: v.saved, needsInput: true }),
    ];
    return { y, dq, dx: ops.addN(through.flatMap((part) => part ?? [])) };
  });
  const all = new Map<string, T>();
  for (const [name, tensor] of Object.entries(found)) if (tensor !== undefined) all.set(name, await read(tensor));
  for (const [{ name }, gradient] of gradients.entries()) all.set(name, await read(gradient));
  ops.disposeIn(found);
  ops.dispose(x, q, dy);
  gradients.dispose();
  for (const one of [key, value]) {
    one.adapter?.parameters.forEach((parameter) => parameter.dispose());
    one.dispose();
  }
  assert.equal(ops.alive(), before);
  return all;
}

for (const ops of [kernelOps(), tensorflowOps()]) {
  for (const adapted of [[], ["value"], ["key", "value"]] as const) {
    for (const dropout of [false, true]) {
      // Kernels draw dropout masks for all groups at once, so with several groups their masks differ.
      const groups = dropout && isKernelOps(ops) ? ONE : TWO;
      test(`${implementationName(ops)}: without keys and values the first tokens' attention and every gradient are as with them: adapters on ${adapted.join(" and ") || "nothing"}, ${dropout ? "dropout" : "no dropout"}`, async () => {
        const given = { groups, adapted, dropout };
        const inDouble = (way: "short" | "long"): Promise<ReadonlyMap<string, Bounded>> =>
          sampleRounding((reference) => results(reference, way, given, (tensor) => reference.bounded(tensor).values));
        const exact = { short: await inDouble("short"), long: await inDouble("long") };
        const [short, long] = [
          await results(ops, "short", given, (tensor) => ops.read(tensor)),
          await results(ops, "long", given, (tensor) => ops.read(tensor)),
        ];
        for (const each of [short, long, exact.short])
          assert.deepEqual([...each.keys()].sort(), [...exact.long.keys()].sort());
        assert.equal(short.size, 3 + 2 * adapted.length);
        for (const [name, { values, bounds }] of exact.long) {
          const both = bounds.map((bound, i) => bound + (exact.short.get(name)?.bounds[i] ?? 0));
          if (dropout) {
            // The reference has other dropout masks: it gives the size of rounding errors, not the expected numbers.
            expectWithin(
              short.get(name) ?? [],
              { values: Float64Array.from(long.get(name) ?? []), bounds: both },
              { what: name },
            );
            continue;
          }
          for (const [way, found] of Object.entries({ short, long }))
            expectWithin(found.get(name) ?? [], { values, bounds: both }, { what: `${way}, ${name}` });
          expectWithin(
            exact.short.get(name)?.values ?? [],
            { values, bounds: values.map(() => 1e-10) },
            { what: `in double precision, ${name}` },
          );
        }
      });
    }
  }
}
