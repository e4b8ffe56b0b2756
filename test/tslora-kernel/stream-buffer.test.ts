import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { shortenError } from "../../src/tslora-kernel/shorten-error";
import { StreamBuffer, type StreamName } from "../../src/tslora-kernel/stream-buffer";
import { contents, errorOf, execute, printed, sharedKernel } from "./kernel-client";

const inKernel = sharedKernel();

/** A buffer with a clock that the test sets, and the texts that it sent. */
function buffered(): { buffer: StreamBuffer; sent: [StreamName, string][]; clock: { now: number } } {
  const clock = { now: 0 };
  const sent: [StreamName, string][] = [];
  const buffer = new StreamBuffer(
    (name, text) => sent.push([name, text]),
    () => clock.now,
  );
  return { buffer, sent, clock };
}

test("a few texts are sent at once, very many are joined, and none is lost or reordered", () => {
  const { buffer, sent, clock } = buffered();
  for (let at = 0; at < 50; at++) buffer.write("stdout", `${at}\n`);
  assert.equal(sent.length, 50, "each at once");
  for (let at = 50; at < 100_000; at++) buffer.write("stdout", `${at}\n`);
  assert.ok(sent.length < 120, `100,000 texts in ${sent.length} messages`);
  clock.now = 150;
  buffer.write("stdout", "100000\n");
  const numbers = sent.map(([, text]) => text).join("");
  assert.equal(numbers, Array.from({ length: 100_001 }, (_, at) => `${at}\n`).join(""), "sent in the next window");
});

test("texts of two streams keep their order, for all sizes and times", () => {
  const random = new Random(11);
  const { buffer, sent, clock } = buffered();
  const expected: [StreamName, string][] = [];
  for (let at = 0; at < 5000; at++) {
    const name = random.below(20) === 0 ? "stderr" : "stdout";
    const text = `${at};`.repeat(random.below(500) === 0 ? 20_000 : 1);
    buffer.write(name, text);
    const last = expected.at(-1);
    if (last?.[0] === name) last[1] += text;
    else expected.push([name, text]);
    if (random.below(50) === 0) clock.now += random.below(120);
    if (random.below(200) === 0) buffer.flush();
  }
  buffer.flush();
  const joined: [StreamName, string][] = [];
  for (const [name, text] of sent) {
    const last = joined.at(-1);
    if (last?.[0] === name) last[1] += text;
    else joined.push([name, text]);
  }
  assert.deepEqual(joined, expected);
});

test("a character whose bytes come in two chunks is one character, and one that stays incomplete is marked", () => {
  const { buffer, sent } = buffered();
  const text = "häßlich 漢字 😀\n";
  for (const byte of Buffer.from(text)) buffer.write("stdout", Uint8Array.of(byte));
  assert.equal(sent.map(([, part]) => part).join(""), text);
  sent.length = 0;
  const [first, ...rest] = Buffer.from("é");
  buffer.write("stdout", Uint8Array.of(first));
  buffer.write("stderr", "between");
  buffer.write("stdout", Uint8Array.from(rest));
  buffer.write("stdout", Uint8Array.of(first));
  buffer.write("stdout", "a text");
  buffer.write("stderr", Uint8Array.of(first));
  buffer.end();
  assert.deepEqual(sent, [
    ["stderr", "between"],
    ["stdout", "é"],
    ["stdout", "\ufffda text"],
    ["stderr", "\ufffd"],
  ]);
});

test("buffered text is sent when the cell waits", async () => {
  const { buffer, sent } = buffered();
  for (let at = 0; at < 300; at++) buffer.write("stdout", "x");
  assert.equal(sent.map(([, text]) => text).join("").length, 100);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.equal(sent.map(([, text]) => text).join("").length, 300);
});

test(
  "a cell that prints 30,000 lines shows all of them, before its display, its error and its result",
  inKernel(async (kernel) => {
    const many = "for (let at = 0; at < 30_000; at++) (at % 1000 < 990 ? console.log : console.error)(at);";
    const shown = await execute(
      kernel,
      `import { display } from "tslab"; ${many} display.text("shown"); console.log("after"); "result"`,
    ).answer;
    const lines = (error: boolean): string =>
      Array.from({ length: 30_000 }, (_, at) => at)
        .filter((at) => at % 1000 >= 990 === error)
        .join("\n");
    assert.equal(printed(shown), `${lines(false)}\nafter\n`);
    assert.equal(printed(shown, "stderr"), `${lines(true)}\n`);
    const order = shown.iopub.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
    assert.deepEqual(order, [
      "status",
      "execute_input",
      "stream",
      "display_data",
      "stream",
      "execute_result",
      "status",
    ]);
    const failed = await execute(kernel, `${many} throw new Error("end")`).answer;
    assert.equal(printed(failed), `${lines(false)}\n`);
    assert.deepEqual(
      failed.iopub.slice(-2).map(({ type }) => type),
      ["error", "status"],
    );
  }),
);

test(
  "an error whose message is too long for JSON is shortened, and the cell ends",
  inKernel(async (kernel) => {
    const answer = await execute(kernel, 'throw new Error("\\u0001".repeat(120e6))').answer;
    assert.equal(answer.reply.status, "error");
    assert.match(errorOf(answer).evalue.slice(-50), /^[^]*… \(110000000 more characters\)$/);
    assert.equal(contents(await execute(kernel, "1 + 1").answer, "execute_result").length, 1);
  }),
);

test("a short error is sent unchanged, a long traceback up to its limit", () => {
  const short = { ename: "E", evalue: "v", traceback: ["a", "", "b"] };
  assert.deepEqual(shortenError(short), short);
  const long = shortenError({ ename: "E", evalue: "v", traceback: Array(30).fill("x".repeat(1_000_000)) as string[] });
  assert.ok(long.traceback.join("").length <= 10_000_100);
  assert.ok(long.traceback.length >= 10);
});
