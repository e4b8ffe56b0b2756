import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import type { Kernel } from "../../src/notebook/jupyter/kernel-client";
import { execute, send, sharedKernel } from "./kernel-client";

const inKernel = sharedKernel(join(projectRoot(), "notebooks"));
const SETTINGS = `
/** The way to run it. */
interface Settings {
  /** The pace. @default "slow" */
  readonly pace?: "slow" | "swift";
  readonly parts?: { readonly pages?: number; readonly paper?: string };
}
/**
 * Runs it.
 *
 * @param count - how often
 * @param settings - the rest
 * @returns a text
 * @example begin(1)
 */
function begin(count: number, settings: Settings): string { return String(count) + settings.pace; }
let pa = 1;`;

/** Proposals at the bar in a source, and the source with the first proposal. */
async function complete(kernel: Kernel, marked: string): Promise<{ matches: string[]; text: string }> {
  const [before, after] = marked.split("¦");
  const { reply } = await send(kernel, "complete_request", { code: before + after, cursor_pos: [...before].length })
    .answer;
  const {
    matches,
    cursor_start: start,
    cursor_end: end,
  } = reply as { matches: string[]; cursor_start: number; cursor_end: number };
  const characters = [...(before + after)];
  return { matches, text: [...characters.slice(0, start), matches[0], ...characters.slice(end)].join("") };
}

async function inspect(kernel: Kernel, marked: string): Promise<string> {
  const [before, after] = marked.split("¦");
  const { reply } = await send(kernel, "inspect_request", {
    code: before + after,
    cursor_pos: [...before].length,
    detail_level: 0,
  }).answer;
  return String((reply.data as Record<string, unknown>)["text/plain"]);
}

test(
  "completion within an object of options proposes options",
  { timeout: 120_000 },
  inKernel(async (kernel) => {
    assert.equal((await execute(kernel, SETTINGS).answer).reply.status, "ok");
    for (const source of [
      "begin(1, { pa¦ })",
      "begin(1, { pa¦",
      "begin(1, {\n  pa¦\n});",
      'begin(1, { pace: "slow", pa¦ })',
      'begin(1, {\n  pace: "slow",\n  pa¦\n})',
      "const s: Settings = { pa¦ };",
    ]) {
      const { matches } = await complete(kernel, source);
      assert.ok(matches.includes("parts"), `${source}: ${matches.slice(0, 5).join()}`);
      assert.ok(
        !matches.includes("package") && !matches.includes("parseInt") && !matches.includes("pa"),
        `${source}: options only, got ${matches.slice(0, 5).join()}`,
      );
    }
    assert.deepEqual((await complete(kernel, "begin(1, { parts: { pa¦ } })")).matches, ["pages", "paper"]);
    assert.deepEqual((await complete(kernel, "begin(1, { ¦ })")).matches.slice(0, 2).sort(), ["pace", "parts"]);
    assert.deepEqual((await complete(kernel, "begin(1, { parts: {}, ¦ })")).matches.slice(0, 1), ["pace"]);
    assert.equal((await complete(kernel, "begin(pa¦, {})")).matches[0], "pa", "a value, where values go");
    assert.equal((await complete(kernel, "'😀'; begin(1, { part¦ })")).text, "'😀'; begin(1, { parts })");
  }),
);

test(
  "completion within a string proposes the values of its type",
  { timeout: 120_000 },
  inKernel(async (kernel) => {
    assert.deepEqual((await complete(kernel, 'begin(1, { pace: "¦" })')).matches.sort(), ["slow", "swift"]);
    assert.deepEqual(await complete(kernel, 'begin(1, { pace: "sw¦" })'), {
      matches: ["swift"],
      text: 'begin(1, { pace: "swift" })',
    });
    assert.deepEqual(await complete(kernel, "begin(1, { pace: 'sl¦ow' })"), {
      matches: ["slow"],
      text: "begin(1, { pace: 'slow' })",
    });
  }),
);

test(
  "completion of the library's own options",
  { timeout: 300_000 },
  inKernel(async (kernel) => {
    assert.equal(
      (
        await execute(
          kernel,
          'import { train, loadClassifier } from "tslora";\nlet classifier!: Awaited<ReturnType<typeof loadClassifier>>;',
        ).answer
      ).reply.status,
      "ok",
    );
    const { matches } = await complete(kernel, "train(classifier, { tr¦ })");
    assert.ok(matches.includes("train"), matches.join());
    assert.ok(!matches.includes("try") && !matches.includes("true"), matches.join());
    assert.match(await inspect(kernel, "train(classifier, { learningRate¦: 1e-4 })"), /learningRate[^]*@default/);
  }),
);

test(
  "a name is described by its signature and TSDoc, tags with their names",
  { timeout: 120_000 },
  inKernel(async (kernel) => {
    const expected =
      "function begin(count: number, settings: Settings): string\n\nRuns it.\n\n@param count - how often\n@param settings - the rest\n@returns a text\n@example begin(1)";
    for (const source of ["be¦gin(1, {})", "begin¦", "begin(¦", "begin(1, ¦)", "begin(1, { ¦ })"])
      assert.equal(await inspect(kernel, source), expected, source);
    assert.match(
      await inspect(kernel, "begin(1, { pa¦ce: 'slow' })"),
      /pace\?: "slow" \| "swift"[^]*The pace\.\s+@default "slow"/,
    );
    assert.equal(await inspect(kernel, "1 + ¦2"), "undefined");
    assert.equal(await inspect(kernel, "const maß = 1; maß¦"), "const maß: 1");
  }),
);
