import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import {
  fullMatch,
  layerAfter,
  matchesKey,
  matchesSaved,
  patternFault,
  type PatternUse,
} from "../../src/lora/patterns/python-pattern";

type Matched = string | null | readonly (number | null)[] | undefined;
interface Goldens {
  readonly names: readonly string[];
  readonly cases: readonly ({ readonly pattern: string } & { readonly [Use in PatternUse]?: Matched })[];
}
const { names, cases } = JSON.parse(
  readFileSync(join(projectRoot(), "test", "lora", "pattern-goldens.json"), "utf8"),
) as Goldens;

/** Patterns without an equal in linear time, by the name in the message. */
const BEYOND: Readonly<Record<string, RegExp>> = {
  "(?P<name>a)(?P=name)": /a backreference, \(\?P=/,
  "(a)\\1": /a backreference, \\1/,
  "(a)\\11": /a backreference/,
  "\\N{DIGIT ONE}": /a character by its name/,
  "a*+": /a possessive repetition/,
  "a++": /a possessive repetition/,
  "a?+": /a possessive repetition/,
  "a{1,2}+": /a possessive repetition/,
  "a{1001}": /a repetition, \{1001\}, of more than 1000 times/,
  "a(?=b)ab": /a look-ahead, \(\?=…\), that is not at the start/,
  "a(?!b).*": /a look-ahead, \(\?!…\), that is not at the start/,
  "(?!a)b|a": /a look-ahead/,
  "(?=a)*": /nothing to repeat|a look-ahead/,
  "(?<=a)b": /a look-behind/,
  ".*(?<!self.)query": /a look-behind/,
  "(?>a)b": /an atomic group/,
  "(a)?(?(1)b|a)": /a conditional/,
};

const MATCHERS: Readonly<Record<Exclude<PatternUse, "layers">, (pattern: string, name: string) => boolean>> = {
  target: fullMatch,
  key: matchesKey,
  saved: matchesSaved,
};

test("patterns match the same names as in Python, and patterns that Python refuses are refused", () => {
  let [matched, refused, beyond] = [0, 0, 0];
  for (const { pattern, ...golden } of cases) {
    for (const use of ["target", "key", "saved", "layers"] as const) {
      const wanted = golden[use];
      if (wanted === undefined) continue;
      const fault = patternFault(pattern, use);
      const where = `${use} ${JSON.stringify(pattern)}`;
      if (wanted === null) {
        refused++;
        assert.ok(fault !== undefined, `${where}: Python refuses it`);
      } else if (fault !== undefined) {
        beyond++;
        const expected =
          BEYOND[pattern] ??
          (use === "target" || !/^\^?(\(\?i\))?\(\?[=!]/.test(pattern)
            ? /[*+?}]\+/.test(pattern)
              ? /a possessive repetition/
              : undefined
            : /a look-ahead/);
        assert.ok(expected !== undefined, `${where}: Python takes it, and here it ${fault}`);
        assert.match(fault, expected, where);
      } else if (use === "layers") {
        const found = names.filter((name) => name.includes(".layer.")).map((name) => layerAfter(pattern, name));
        assert.deepEqual(
          found.map((layer) => (layer === undefined ? null : Number(layer))),
          wanted,
          where,
        );
      } else {
        matched++;
        const bits = names.reduce((sum, name, i) => (MATCHERS[use](pattern, name) ? sum | (1n << BigInt(i)) : sum), 0n);
        assert.equal(bits.toString(16), wanted, where);
      }
    }
  }
  assert.ok(matched > 1000 && refused > 200 && beyond > 20, `${matched} ${refused} ${beyond}`);
});

test("patterns that need exponential time elsewhere are matched at once, and too large ones are refused", () => {
  const name = "bert.encoder.layer.11.attention.output.dense";
  const evil = [
    "(([a-z_0-9.]+)+)+!",
    "(a|a)*b",
    "([a-z.]*)*!",
    "(.*)*(.*)*(.*)*!",
    "((a*)*)*b",
    "(.*a){12}",
    "(x+x+)+y",
    "^(.|.|.)*$!",
    "(?i)((E+)+.?)+!",
  ];
  for (const pattern of evil) {
    assert.equal(patternFault(pattern, "target"), undefined, pattern);
    for (const text of [name, "a".repeat(5000), `${"x".repeat(5000)}!`]) fullMatch(pattern, text); // ends
  }
  for (const pattern of ["((a*)*)*", "(([a-z_0-9.]+)+)+"])
    for (const matches of [matchesKey, matchesSaved]) matches(pattern, `${"a.".repeat(2000)}!`);
  assert.match(
    patternFault("((a{0,100}){0,100}){0,100}", "target") ?? "",
    /is too large: with its repetitions expanded it must take at most \d+ steps; it takes \d+/,
  );
  assert.match(patternFault("a|".repeat(5001), "saved") ?? "", /must have at most 10000 characters/);
  assert.match(
    patternFault(`${"(".repeat(4000)}a${")".repeat(4000)}`, "target") ?? "",
    /nests groups deeper than 100 levels/,
  );
  assert.match(patternFault("[".repeat(9999), "target") ?? "", /unterminated character set/);
});
