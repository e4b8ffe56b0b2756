import type { Transport } from "../jupyter/connection";
import type { ParameterInput } from "../parameters/inject-parameters";

/** How a notebook is run. */
export interface RunOptions {
  /**
   * Where the executed notebook is written: after every cell, while a long one runs, and at the end.
   * @default not written
   */
  readonly outputPath?: string;
  /** The notebook's name in messages; its folder is the kernel's. @default the path given, or "notebook" */
  readonly path?: string;
  /** The kernel's name. @default the notebook's own kernelspec */
  readonly kernel?: string;
  /** The kernel's working folder. @default the notebook's folder */
  readonly cwd?: string;
  /** Variables set for the kernel on top of this process's own; undefined takes one away. @default none */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Values for the notebook's parameters; texts are read as the parameter's type asks, bigints are ints of any size.
   * Each is written exactly in the kernel's language, or refused. @default none
   */
  readonly parameters?: ParameterInput;
  /** Names of parameters whose texts are not parsed. @default none */
  readonly rawParameters?: readonly string[];
  /** Whether a failed cell stops the run. @default "stop" */
  readonly onError?: "stop" | "continue";
  /** After how many milliseconds a cell is interrupted. @default no limit */
  readonly cellTimeoutMs?: number;
  /**
   * Whether a cell that was interrupted at `cellTimeoutMs` counts by its reply, as with nbclient's
   * `interrupt_on_timeout`: one that ends by an error is a failed cell, after which the run continues if `onError` is
   * "continue"; one that catches the interrupt and ends well is ok. A kernel that does not react to the interrupt
   * within `graceMs` is ended, and the run with it. @default false
   */
  readonly interruptOnTimeout?: boolean;
  /** After how many milliseconds the run is interrupted. @default no limit */
  readonly timeoutMs?: number;
  /**
   * Characters of output that a cell keeps in the notebook; the rest goes to files beside the output, named
   * `NAME.cell-N.stdout.txt` and so on. Infinity for no limit. @default 100 million
   */
  readonly outputLimit?: number;
  /** Milliseconds that the kernel may take to start. @default 60000 */
  readonly startTimeoutMs?: number;
  /** How often a kernel that did not start is started again. @default 0 */
  readonly startRetries?: number;
  /**
   * Transport to the kernel: "tcp" over ports of this machine, where every local user can read outputs; "ipc" over
   * sockets that only this user can open. @default "ipc" for tslora, tslab and jslab, "tcp" for other kernels
   */
  readonly transport?: Transport;
  /** Milliseconds between interrupt, terminate and kill. @default 3000 */
  readonly graceMs?: number;
  /** Stops the run: the cell is interrupted, the notebook saved, the kernel ended. @default never */
  readonly signal?: AbortSignal;
}
