import assert from "node:assert/strict";
import { test } from "node:test";

import { histogram, show } from "../../src/figures/index";
import { notebookOutput, textOutput } from "./notebook-output";

const loaded = (): string[] =>
  Object.keys(require.cache).filter((path) => /node_modules[\\/](jsdom|plotly\.js-|tslab|danfojs)/.test(path));

test("plotly, jsdom and tslab are not loaded before a figure is drawn", () => {
  assert.deepEqual(loaded(), []);
  const figure = histogram([1, 2], { title: "t", xLabel: "x" });
  show(figure, textOutput());
  assert.deepEqual(loaded(), []);
  show(figure, notebookOutput());
  assert.ok(loaded().some((path) => path.includes("jsdom")));
});
