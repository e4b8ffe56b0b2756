import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { withFailureMarks } from "../../src/notebook/run/mark-failure";
import { OutputLimit } from "../../src/notebook/run/output-limit";
import type { OutputMessage } from "../../src/notebook/jupyter/wire";
import { CellOutputs } from "../../src/notebook/run/output-reducer";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { splitStream } from "../../src/notebook/jupyter/split-stream";
import { Random } from "../../src/base/random";
import { oddNotebook, withOddKernel } from "./odd-kernel";
import { codeCells, notebookOf, printed, runToEnd, withFolder } from "./notebooks";

const stream = (text: string, name = "stdout"): OutputMessage => ({ type: "stream", content: { name, text } });

test("the first outputs stay in the cell, the rest goes to files, and each names the other", () =>
  withFolder(async (folder) => {
    const limit = new OutputLimit({ limit: 1000, restPath: join(folder, "a.cell-1"), outputPath: undefined });
    const outputs = new CellOutputs();
    const notes: string[] = [];
    const result = {
      type: "execute_result",
      content: { data: { "text/plain": "r".repeat(50) }, metadata: {}, execution_count: 1 },
    };
    const error = {
      type: "error",
      content: { ename: "E", evalue: "v".repeat(200_000), traceback: ["t".repeat(200_000)] },
    };
    for (const message of [
      stream("a".repeat(900)),
      stream("b".repeat(300)),
      stream("c".repeat(10), "stderr"),
      stream("d\n"),
      result,
      error,
    ]) {
      const { messages, note } = limit.take(message, outputs.size);
      for (const each of messages) outputs.add(each);
      if (note !== undefined) notes.push(note);
    }
    limit.close();
    assert.deepEqual(notes, ["its outputs are over the limit of 1 kB; the rest is in a.cell-1.stdout.txt"]);
    const [kept, notice, failed] = outputs.outputs;
    assert.equal("text" in kept && kept.text, "a".repeat(900) + "b".repeat(100));
    assert.match(
      "text" in notice ? notice.text : "",
      /The cell's outputs end here: its outputs are over the limit of 1 kB; the rest is in a\.cell-1\.stdout\.txt/,
    );
    assert.ok(failed.output_type === "error" && failed.evalue.length < 110_000, "an error is kept, shortened");
    assert.equal(await readFile(join(folder, "a.cell-1.stdout.txt"), "utf8"), `${"b".repeat(200)}d\n`);
    assert.equal(await readFile(join(folder, "a.cell-1.stderr.txt"), "utf8"), "c".repeat(10));
    const lines = (await readFile(join(folder, "a.cell-1.outputs.jsonl"), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { output_type: string; evalue?: string });
    assert.deepEqual(
      lines.map(({ output_type: type }) => type),
      ["execute_result", "error"],
    );
    assert.equal(lines[1].evalue?.length, 200_000);
  }));

test("updates of one output do not add up to the limit", () => {
  const limit = new OutputLimit({ limit: 1000, restPath: undefined, outputPath: undefined });
  const outputs = new CellOutputs();
  for (let at = 0; at < 1000; at++) {
    const { messages, note } = limit.take(stream(`\r${"#".repeat(50)} ${at}`), outputs.size);
    assert.equal(note, undefined);
    for (const message of messages) outputs.add(message);
  }
  assert.ok(outputs.size < 100);
});

test("outputs that replace earlier ones count alone, and a cleared cell may fill its limit again", () => {
  const limit = new OutputLimit({ limit: 1000, restPath: undefined, outputPath: undefined });
  const outputs = new CellOutputs();
  const notes: string[] = [];
  const take = (message: OutputMessage): void => {
    const { messages, note } = limit.take(message, outputs.size);
    for (const each of messages) outputs.add(each);
    if (note !== undefined) notes.push(note);
  };
  const clear = (wait: boolean): OutputMessage => ({ type: "clear_output", content: { wait } });
  const picture = (name: string): OutputMessage => ({
    type: "display_data",
    content: { data: { "image/png": name.repeat(600) }, metadata: {} },
  });
  const shown = (): unknown[] =>
    outputs.outputs.map((output) => ("data" in output ? output.data["image/png"] : "text" in output && output.text));
  for (const name of ["a", "b", "c"]) {
    take(picture(name));
    assert.deepEqual(shown(), [name.repeat(600)]);
    take(clear(true));
  }
  assert.deepEqual(notes, []);
  for (const wait of [false, true]) {
    take(stream("x".repeat(2000)));
    assert.match(String(shown().at(-1)), /outputs end here/);
    take(clear(wait));
    take(stream("the result"));
    assert.deepEqual(shown(), ["the result"]);
    take(clear(false));
  }
  assert.equal(notes.length, 1, "the notice is given once");
});

test("neither a cell's outputs nor the mark of a failed run end in half a character", () => {
  const limit = new OutputLimit({ limit: 1001, restPath: undefined, outputPath: undefined });
  const [kept] = limit.take(stream("😀".repeat(600)), 0).messages;
  assert.equal(kept.content.text, "😀".repeat(500));
  const [cell] = notebookOf(["1"]).cells;
  const evalue = `${"x".repeat(296)}😀`; // after "E: "
  const error = { output_type: "error", ename: "E", evalue, traceback: [] } as const;
  const report = { index: 0, number: 1, total: 1, id: cell.id, source: "1", elapsedMs: 1 };
  const [top] = withFailureMarks([cell], { ...report, outcome: { status: "error", error } });
  assert.match(top.source, /E: x{296}\. The cells/);
});

test("a run keeps the limit of each cell, and its saved notebook names the file", () =>
  withOddKernel(async (folder) => {
    const outputPath = join(folder, "big.ipynb");
    const { events, summary } = await runToEnd(oddNotebook([[["print-many", 5000]], [["print", "small"]]]), {
      outputPath,
      outputLimit: 2000,
      cwd: folder,
    });
    assert.equal(summary.status, "ok");
    assert.deepEqual(summary.cells[0].rest, [join(folder, "big.cell-1.stdout.txt")]);
    assert.equal(printed(codeCells(summary)[0]).length, 2000);
    assert.equal((await readFile(join(folder, "big.cell-1.stdout.txt"), "utf8")).length, 3000);
    assert.equal(
      events.filter(
        (event) => event.event === "note" && /cell 1: its outputs are over the limit of 2 kB/.test(event.text),
      ).length,
      1,
    );
    const saved = await readNotebook(outputPath);
    assert.match(JSON.stringify(saved.cells[0]), /big\.cell-1\.stdout\.txt/);
    assert.doesNotMatch(JSON.stringify(saved.cells[1]), /over the limit/);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith("big.cell-2")),
      [],
    );
  }));

test("a large stream message is split without losing a character", () => {
  const random = new Random(7);
  const bits = ["a", "\n", "\\", '"', "\t", "é", "漢", "😀", "\u0001", "\ud83d", "\ude00", "\u2028"];
  for (const kind of ["mixed", "backslashes", "plain", "pairs"]) {
    const unit =
      kind === "backslashes"
        ? "\\".repeat(4096)
        : kind === "plain"
          ? "x".repeat(4096)
          : kind === "pairs"
            ? "😀".repeat(2048)
            : Array.from({ length: 4096 }, () => bits[random.below(bits.length)]).join("");
    const text = unit.repeat(1300);
    for (const json of [
      JSON.stringify({ name: "stdout", text }),
      JSON.stringify({ text, name: "stdout" }),
      `{"name": "stdout", "text": ${JSON.stringify(text).replace(/😀/g, "\\ud83d\\ude00")}}`,
    ]) {
      const parts = splitStream(Buffer.from(json));
      assert.ok(parts !== undefined && parts.length > 2, kind);
      assert.ok(parts.every((part) => part.name === "stdout" && part.text.length < 3_000_000));
      assert.ok(parts.map((part) => part.text).join("") === text, kind); // a message of megabytes would be no help
    }
  }
  assert.equal(splitStream(Buffer.from(JSON.stringify({ name: "stdout", text: "small" }))), undefined);
  assert.equal(
    splitStream(Buffer.from(`{"name": "stdout", "text": "${"x".repeat(5_000_000)}", "more": [1]}`)),
    undefined,
  );
});
