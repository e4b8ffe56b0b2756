import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

/** Workers of a Redis queue, each a process of its own; a killed one is replaced. */
export class QueueWorkers {
  /** Everything that the workers printed. */
  output = "";
  readonly #running = new Set<ChildProcess>();
  readonly #start: () => ChildProcess;
  #closed = false;

  /** @param options.env - further variables of worker i */
  constructor(count: number, options: { redis: string; store: string; env?: (i: number) => Record<string, string> }) {
    let started = 0;
    this.#start = () =>
      spawn(process.execPath, [join(__dirname, "small-queue-worker.js"), options.store], {
        env: { ...process.env, TSLORA_REDIS: options.redis, ...options.env?.(started++) },
        stdio: ["ignore", "pipe", "pipe"],
      });
    for (let i = 0; i < count; i++) this.#add();
  }

  get pids(): readonly number[] {
    return [...this.#running].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Asks all workers to end, and waits for their ends. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#running].map(async (child) => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await ended;
      }),
    );
  }

  #add(): void {
    const child = this.#start();
    this.#running.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    child.once("exit", () => {
      this.#running.delete(child);
      if (!this.#closed) this.#add();
    });
  }
}
