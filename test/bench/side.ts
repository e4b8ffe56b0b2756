import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { projectRoot } from "../../src/base/project-root";

/** Cost of a request, seen from outside. */
export interface Cost {
  /** Seconds of processor time of all the process's threads. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

const TICKS = 100; // of /proc's clock a second, on every Linux that Node runs on

/**
 * A program that does one side's work: a process that lives through all rounds, takes a request a line as JSON on its
 * standard input and answers with a line on its file descriptor 3. Between requests it sleeps.
 */
export class Side {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  #said = "";
  #cost: Cost = { cpuSeconds: 0, wallSeconds: 0 };

  constructor(name: string, commandLine: readonly string[], { env = {} }: { env?: NodeJS.ProcessEnv } = {}) {
    this.name = name;
    const [program, ...parameters] = commandLine;
    const child = spawn(program, parameters, {
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      env: { ...process.env, ...QUIET, ...env },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#said = (this.#said + text).slice(-4000)));
    this.#child = child;
    this.#answers = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => {
      child.once("error", ({ message }) => resolve(message));
      child.once("close", (code, signal) => resolve(`it ended with ${signal ?? code ?? 1}`));
    });
    child.stdin?.on("error", () => undefined); // its end reports it
  }

  /** One of our programs, compiled, below test/bench. */
  static ours(name: string, program: string): Side {
    return new Side(name, [process.execPath, join(__dirname, `${program}.js`)]);
  }

  /** A Python program below test/bench. */
  static python(name: string, program: string, { python }: { python: string }): Side {
    return new Side(name, [python, join(projectRoot(), "test", "bench", `${program}.py`)]);
  }

  /** Sends a request and waits for its answer. */
  async ask(request: object): Promise<unknown> {
    const before = { cpu: this.cpuSeconds(), at: performance.now() };
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await Promise.race([this.#answers.next(), this.#ended]);
    if (typeof answer === "string" || answer.done === true)
      throw new Error(
        `${this.name}: no answer to ${JSON.stringify(request).slice(0, 200)}; ${typeof answer === "string" ? answer : await this.#ended}.\n${this.#said}`,
      );
    this.#cost = { cpuSeconds: this.cpuSeconds() - before.cpu, wallSeconds: (performance.now() - before.at) / 1000 };
    const { error, result } = JSON.parse(answer.value) as { error?: string; result?: unknown };
    if (error !== undefined) throw new Error(`${this.name}: ${error}`);
    return result;
  }

  /** Cost of the last request. */
  get cost(): Cost {
    return this.#cost;
  }

  /** Processor seconds of the process so far. */
  cpuSeconds(): number {
    const fields = /\)\s(.*)$/s.exec(proc(this.#child.pid, "stat"))?.[1].split(" ") ?? [];
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
  }

  /** Peak resident memory in gigabytes (VmHWM), measured in the same way for both sides. */
  peakGigabytes(): number {
    return (Number(/VmHWM:\s+(\d+)/.exec(proc(this.#child.pid, "status"))?.[1] ?? NaN) * 1024) / 1e9;
  }

  /** Ends the program by the end of its input, and at last by force. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.#ended;
    clearTimeout(force);
  }
}

const QUIET = {
  HF_HUB_OFFLINE: "1",
  PYTHONWARNINGS: "ignore",
  TRANSFORMERS_VERBOSITY: "error",
  HF_HUB_DISABLE_PROGRESS_BARS: "1",
  TF_CPP_MIN_LOG_LEVEL: "3",
};

function proc(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid ?? 0}/${file}`, "utf8");
  } catch {
    return ""; // it has ended, or there is no /proc
  }
}

/** Runs a function with sides that are always closed at its end. */
export async function withSides<T>(sides: readonly Side[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}
