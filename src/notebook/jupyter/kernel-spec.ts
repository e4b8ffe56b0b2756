import type { Transport } from "./connection";
import type { KernelDialect } from "./kernel-dialect";

/** Command that starts a kernel. In `argv`, `{connection_file}` is replaced by the path of the connection file. */
export interface KernelSpec {
  readonly name: string;
  readonly displayName: string;
  readonly language: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly interruptMode: "signal" | "message";
  /** Differences of the kernel from Jupyter's protocol. */
  readonly dialect: KernelDialect;
  /** Transport if the user chooses none; other users cannot open "ipc" sockets. @default "tcp" */
  readonly transport?: Transport;
}
