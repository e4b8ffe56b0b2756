import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";

import type { ConnectionFile } from "./connection";
import type { KernelSpec } from "./kernel-spec";
import { endMarked, killMarked } from "./process-tree";

/** End of a kernel's process. */
export interface KernelExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The reason why it could not be started. */
  readonly failure?: string;
}

/** Options of starting a kernel's process. */
export interface KernelProcessOptions {
  readonly spec: KernelSpec;
  readonly connectionFile: ConnectionFile;
  /** The kernel's working folder. */
  readonly cwd: string;
  /** Variables in addition to this process's own and the kernelspec's. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called for text that the process prints itself, outside the protocol. */
  readonly onLog: (name: "stdout" | "stderr", text: string) => void;
}

/** So many last characters of the process's own output are kept, to show why it ended. */
const LOG_TAIL = 4000;
const running = new Set<KernelProcess>();

/** Kills all kernels of this process and their children at once, at a second Ctrl-C or `exit`. */
export function killAllKernels(): void {
  for (const kernel of running) kernel.killAll();
}

/**
 * The variable that marks a kernel's children, also those in their own session: all marked processes end with the
 * kernel. Start a child that must outlive the run without it.
 */
const MARK = "TSLORA_KERNEL_ID";

/**
 * A kernel's process in its own process group: Ctrl-C in the terminal does not reach it directly, and signals reach its
 * children too.
 */
export class KernelProcess {
  /** Resolves once the process has ended, and its children with it. Never rejects. */
  readonly exited: Promise<KernelExit>;
  readonly #child: ChildProcess;
  readonly #id = randomUUID();
  readonly #mark = `${MARK}=${this.#id}`;
  #tail = "";
  #ended = false;

  constructor(options: KernelProcessOptions) {
    const { spec, connectionFile, cwd, env, onLog } = options;
    const [program, ...args] = spec.argv.map((arg) => arg.replaceAll("{connection_file}", connectionFile.path));
    this.#child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...spec.env, JPY_PARENT_PID: String(process.pid), [MARK]: this.#id, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (running.size === 0) process.on("exit", killAllKernels);
    running.add(this);
    for (const name of ["stdout", "stderr"] as const) {
      this.#child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this.#tail = (this.#tail + text).slice(-LOG_TAIL);
        onLog(name, text);
      });
    }
    this.exited = new Promise<KernelExit>((resolve) => {
      const end = (exit: KernelExit): void => {
        this.#ended = true;
        this.signal("SIGKILL"); // children that are still running
        void endMarked(this.#mark).then(() => {
          running.delete(this);
          if (running.size === 0) process.off("exit", killAllKernels);
          resolve(exit);
        });
      };
      this.#child.once("error", (error) => end({ code: null, signal: null, failure: error.message }));
      this.#child.once("exit", (code, signal) => end({ code, signal }));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether the process has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The last characters that the process printed itself. */
  get logTail(): string {
    return this.#tail;
  }

  /** Sends a signal to the process and all its children. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      // EPERM: macOS, zombies only
      const gone = error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM");
      if (!gone) throw error;
    }
  }

  /** Kills the process and all its children. */
  killAll(): void {
    this.signal("SIGKILL");
    killMarked(this.#mark);
  }

  /** Sends SIGTERM, and SIGKILL if the process does not end within `graceMs`. Resolves when the process has ended. */
  async stop(graceMs: number): Promise<KernelExit> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Describes the end of a kernel's process. */
export function describeExit({ code, signal, failure }: KernelExit): string {
  if (failure !== undefined) return `it could not be started (${failure})`;
  if (signal === "SIGKILL") return "killed by signal SIGKILL (out of memory?)";
  if (signal !== null) return `killed by signal ${signal}`;
  return `it exited with code ${code ?? "unknown"}`;
}
