import assert from "node:assert/strict";
import { test } from "node:test";

import { Widgets } from "../../src/notebook/run/widgets";

const STATE = "application/vnd.jupyter.widget-state+json";
const open = (
  id: string,
  state: Record<string, unknown>,
  more: Record<string, unknown> = {},
): [string, Record<string, unknown>, Uint8Array[]] => [
  "comm_open",
  { comm_id: id, target_name: "jupyter.widget", data: { state, buffer_paths: [] }, ...more },
  [],
];
const slider = {
  _model_name: "IntSliderModel",
  _model_module: "@jupyter-widgets/controls",
  _model_module_version: "2.0.0",
  value: 1,
};

test("models keep their latest state and buffers; a comm without a model name is not a widget", () => {
  const widgets = new Widgets();
  assert.equal(widgets.metadata(), undefined);
  widgets.comm(...open("a", slider));
  widgets.comm(
    "comm_msg",
    { comm_id: "a", data: { method: "update", state: { value: 7 }, buffer_paths: [["x", 0]] } },
    [Uint8Array.of(1, 2)],
  );
  widgets.comm("comm_msg", { comm_id: "a", data: { method: "update", state: {}, buffer_paths: [["x", 0]] } }, [
    Uint8Array.of(255),
  ]);
  widgets.comm("comm_msg", { comm_id: "a", data: { method: "custom", content: {} } }, []);
  widgets.comm("comm_msg", { comm_id: 3, data: null }, []);
  widgets.comm(...open("b", { other: 1 }, { target_name: "something" }));
  widgets.comm("comm_close", { comm_id: "a", data: {} }, []);
  assert.deepEqual(widgets.metadata(), {
    [STATE]: {
      version_major: 2,
      version_minor: 0,
      state: {
        a: {
          model_name: "IntSliderModel",
          model_module: "@jupyter-widgets/controls",
          model_module_version: "2.0.0",
          state: { ...slider, value: 7 },
          buffers: [{ path: ["x", 0], encoding: "base64", data: "/w==" }],
        },
      },
    },
  });
});

test("an output widget captures the outputs of its request, also nested ones, and reports them to the kernel", () => {
  const widgets = new Widgets();
  const output = { _model_name: "OutputModel", _model_module: "@jupyter-widgets/output", outputs: [], msg_id: "" };
  const hear = (id: string, request: string): void =>
    widgets.comm("comm_msg", { comm_id: id, data: { state: { msg_id: request } } }, []);
  const print = (text: string): unknown => widgets.capture("r", { type: "stream", content: { name: "stdout", text } });
  widgets.comm(...open("outer", output));
  widgets.comm(...open("inner", output));
  assert.equal(print("free"), undefined);
  hear("outer", "r");
  assert.equal(widgets.capture("another", { type: "stream", content: { name: "stdout", text: "x" } }), undefined);
  assert.equal(widgets.capture("r", { type: "status", content: {} }), undefined);
  print("a");
  hear("inner", "r");
  assert.deepEqual(print("nested"), {
    comm_id: "inner",
    data: {
      method: "update",
      buffer_paths: [],
      state: { outputs: [{ output_type: "stream", name: "stdout", text: "nested" }] },
    },
  });
  hear("inner", "");
  print("b");
  assert.deepEqual(
    (
      widgets.capture("r", {
        type: "display_data",
        content: { data: { "text/plain": "d" }, transient: { display_id: "x" } },
      })?.data as { state: unknown }
    ).state,
    {
      outputs: [
        { output_type: "stream", name: "stdout", text: "ab" },
        { output_type: "display_data", data: { "text/plain": "d" }, metadata: {} },
      ],
    },
  );
  assert.deepEqual(widgets.capture("r", { type: "clear_output", content: { wait: true } }), {});
  assert.deepEqual((print("c")?.valueOf() as { data: { state: { outputs: unknown[] } } }).data.state.outputs, [
    { output_type: "stream", name: "stdout", text: "c" },
  ]);
  widgets.capture("r", { type: "clear_output", content: {} });
  const state = widgets.metadata()?.[STATE] as { state: Record<string, { state: { outputs: unknown[] } }> };
  assert.deepEqual([state.state.outer.state.outputs, state.state.inner.state.outputs.length], [[], 1]);
});
