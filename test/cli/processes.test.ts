import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { MAIN, tinyCsv, tinyModel } from "./tiny";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-cli-process-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

/** A command in its own process, with its output. */
class Running {
  readonly child: ChildProcessWithoutNullStreams;
  out = "";
  err = "";
  readonly #ended: Promise<unknown[]>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: "pipe" });
    this.#ended = once(this.child, "close");
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.err += text));
  }

  /** Waits until standard output matches. */
  async prints(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.out)) {
      const [value] = (await Promise.race([once(this.child.stdout, "data"), this.#ended])) as [unknown];
      if (typeof value === "number" && !pattern.test(this.out))
        assert.fail(`ended with ${value} before ${String(pattern)}: ${this.out}${this.err}`);
    }
  }

  /** The exit code, once it has ended. */
  async code(): Promise<unknown> {
    return (await this.#ended)[0];
  }
}

test("help and wrong usage load neither TensorFlow nor danfojs", async () => {
  const script = `
    const { runCli } = require(${JSON.stringify(join(MAIN, "..", "program.js"))});
    const { Writable } = require("node:stream");
    const sink = new Writable({ write: (chunk, encoding, done) => done() });
    (async () => {
      for (const args of [["--help"], ["train", "--help"], ["train", "--r", "x"], ["predict", "a"], ["evaluate", "--model", "x"], ["inspect", "./none"], ["merge"]]) await runCli(args, { out: sink, err: sink, color: false, live: false });
      console.log(Object.keys(require.cache).filter((path) => /tfjs|danfo|tensorflow_addon|transformers/.test(path)).length, "heavy modules");
    })();`;
  const running = new Running(["-e", script]);
  assert.equal(await running.code(), 0, running.err);
  assert.equal(running.out, "0 heavy modules\n");
});

test("Ctrl-C stops a training at the next step, with a checkpoint and exit code 130; resumed as it suggests, it ends as if it had never stopped", async () => {
  const csv = await tinyCsv(join(folder, "data.csv"));
  const args = (out: string): string[] => [
    MAIN,
    "train",
    "--model",
    model,
    "--data",
    csv,
    "-o",
    join(folder, out),
    "--max-steps",
    "120",
    "--eval-steps",
    "60",
    "--json",
  ];
  const running = new Running(args("stopped"));
  await running.prints(/"type":"step"/);
  running.child.kill("SIGINT");
  assert.equal(await running.code(), 130, running.err);
  assert.match(running.err, /Stopping: at the next step, with a checkpoint/);
  const last = JSON.parse(running.out.trimEnd().split("\n").at(-1) ?? "") as {
    type: string;
    steps: number;
    resume: string;
  };
  assert.equal(last.type, "stopped");
  assert.ok(last.steps < 120);
  const out = join(folder, "stopped");
  const left = await readdir(out);
  assert.ok(left.includes(`checkpoint-${last.steps}`) && left.includes("training_args.json"), left.join());
  assert.ok(
    !existsSync(join(out, "adapter")) && !existsSync(join(out, "results.json")),
    "a run that was stopped leaves no result",
  );

  const [goneOn, whole] = [
    new Running([MAIN, ...last.resume.split(" ").slice(1), "--json"]),
    new Running(args("whole")),
  ];
  assert.equal(await goneOn.code(), 0, goneOn.err);
  assert.equal(await whole.code(), 0, whole.err);
  assert.match(goneOn.out, new RegExp(`"type":"resume","step":${last.steps},`));
  const weights = (run: string): Promise<Buffer> => readFile(join(folder, run, "adapter", "adapter_model.safetensors"));
  assert.ok(
    (await weights("stopped")).equals(await weights("whole")),
    "the weights differ from those of a run that was never stopped",
  );
});

/** A script that runs a command, and interrupts itself at an output. */
const interruptedAt = (output: string, args: readonly string[]): string => `
  const { runCli } = require(${JSON.stringify(join(MAIN, "..", "program.js"))});
  const { Writable } = require("node:stream");
  const sink = (to, at) =>
    new Writable({
      write: (chunk, encoding, done) => {
        to.write(chunk);
        if (at !== undefined && String(chunk).includes(at)) process.emit("SIGINT", "SIGINT");
        done();
      },
    });
  const streams = { out: sink(process.stdout, ${JSON.stringify(output)}), err: sink(process.stderr) };
  const terminal = { ...streams, color: false, live: false };
  runCli(${JSON.stringify(args)}, terminal).then((code) => (process.exitCode = code));`;

test("stopped before its first step, a training says how to start again; after its last, its weights are saved and the rest can be made", async () => {
  const csv = await tinyCsv(join(folder, "moments.csv"));
  const out = join(folder, "moments");
  const args = ["train", "--model", model, "--data", csv, "-o", out, "--max-steps", "3", "--json"];
  const early = new Running(["-e", interruptedAt('"type":"start"', args)]);
  assert.equal(await early.code(), 130, early.err);
  const { steps, resume, restart } = JSON.parse(early.out.trimEnd().split("\n").at(-1) ?? "") as {
    steps: number;
    resume?: string;
    restart: string;
  };
  assert.deepEqual([steps, resume], [0, undefined]);

  const late = new Running(["-e", interruptedAt('"type":"end"', [...restart.split(" ").slice(1), "--json"])]);
  assert.equal(await late.code(), 130, late.err);
  assert.match(late.err, /Stopped while evaluating\. Training is finished, .*adapter\. .*--resume-from last/);
  const result = join(out, "results.json");
  assert.ok(existsSync(join(out, "adapter", "adapter_model.safetensors")) && !existsSync(result));
  const rest = new Running([MAIN, "train", "--config", join(out, "training_args.json"), "--resume-from", "last"]);
  assert.equal(await rest.code(), 0, rest.err);
  assert.ok(existsSync(result) && existsSync(join(out, "adapter", "README.md")));
});

test("predict answers each line as it comes, and ends where its input ends", async () => {
  const running = new Running([MAIN, "predict", "--model", model, "--json"]);
  running.child.stdin.write("w5 w6\n");
  await running.prints(/^\{"index":0,.*\}\n$/);
  running.child.stdin.write("w40 w41\nw7");
  await running.prints(/\n\{"index":1,.*\}\n$/);
  running.child.stdin.end();
  assert.equal(await running.code(), 0, running.err);
  assert.match(running.out, /\n\{"index":2,.*\}\n$/);
});

test("predict ends without an error when the reader of its output ends", async () => {
  const running = new Running([MAIN, "predict", "--model", model]);
  running.child.stdin.on("error", () => undefined); // its reader goes away, too
  const text = "w5 w6 w7\n".repeat(50_000);
  running.child.stdin.write(text);
  await running.prints(/\n/);
  running.child.stdout.destroy();
  assert.equal(await running.code(), 141, running.err);
  assert.doesNotMatch(running.err, /EPIPE|at .*\.js/);
});
