import type { Transport } from "../jupyter/connection";
import type { ParameterInput } from "../parameters/inject-parameters";

/** Options of running a notebook. */
export interface RunOptions {
  /**
   * Path of the executed notebook. It is written after every cell, while a long one runs, and at the end.
   * @default not written
   */
  readonly outputPath?: string;
  /** The notebook's name in messages; the kernel runs in its folder. @default the path given, or "notebook" */
  readonly path?: string;
  /** The kernel's name. @default the notebook's own kernelspec */
  readonly kernel?: string;
  /** The kernel's working folder. @default the notebook's folder */
  readonly cwd?: string;
  /** Variables for the kernel in addition to this process's own; undefined removes one. @default none */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Values for the notebook's parameters. Texts are parsed by the parameter's type, bigints are ints of any size. Each
   * is written exactly in the kernel's language, or refused. @default none
   */
  readonly parameters?: ParameterInput;
  /** Names of parameters whose texts are not parsed. @default none */
  readonly rawParameters?: readonly string[];
  /** Whether a failed cell stops the run. @default "stop" */
  readonly onError?: "stop" | "continue";
  /** Milliseconds after which a cell is interrupted. @default no limit */
  readonly cellTimeoutMs?: number;
  /**
   * Whether the reply decides the outcome of a cell that was interrupted at `cellTimeoutMs`, as with nbclient's
   * `interrupt_on_timeout`. A cell that ends with an error has failed, and the run continues if `onError` is
   * "continue". A cell that catches the interrupt and ends normally is ok. If the kernel does not react within
   * `graceMs`, kernel and run are ended. @default false
   */
  readonly interruptOnTimeout?: boolean;
  /** Milliseconds after which the run is interrupted. @default no limit */
  readonly timeoutMs?: number;
  /**
   * Characters of output that a cell keeps in the notebook; the rest goes to files beside the output, named
   * `NAME.cell-N.stdout.txt` and so on. Infinity for no limit. @default 100 million
   */
  readonly outputLimit?: number;
  /** Milliseconds that the kernel may take to start. @default 60000 */
  readonly startTimeoutMs?: number;
  /** Number of further starts of a kernel that did not start. @default 0 */
  readonly startRetries?: number;
  /**
   * Transport to the kernel: "tcp" uses ports of this machine, and every local user can read outputs; "ipc" uses
   * sockets that only this user can open. @default "ipc" for tslora, tslab and jslab, "tcp" for other kernels
   */
  readonly transport?: Transport;
  /** Milliseconds between interrupt, terminate and kill. @default 3000 */
  readonly graceMs?: number;
  /** Stops the run: the cell is interrupted, the notebook saved, the kernel ended. @default never */
  readonly signal?: AbortSignal;
}
