import assert from "node:assert/strict";
import { test } from "node:test";

import { keepDecimals } from "../../src/classifier/keep-decimals";

const keep = (original: string): string =>
  keepDecimals(JSON.stringify(JSON.parse(original), undefined, 2), original).replace(/\s+/g, "");

test("whole numbers such as 1.0 keep the decimals that their key had in the original", () => {
  const text = '{"a":2.0,"b":2,"c":{"theta":160000.0,"a":1,"n":-3.0},"d":1e5,"e":1E+2,"f":2.50,"last":7.00}';
  assert.equal(keep(text), text.replace("2.50", "2.5"));
});

test("a text that looks like a field, a list and a changed value stay as they are", () => {
  const text = '{"a":"\\"b\\":2.0,","b":2,"list":[1.0,2.0]}';
  assert.equal(keep(text), text.replace("[1.0,2.0]", "[1,2]"));
  assert.equal(keepDecimals('{\n  "a": 3\n}', '{"a": 2.0}'), '{\n  "a": 3\n}');
});
