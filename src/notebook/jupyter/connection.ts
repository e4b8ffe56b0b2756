import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeOwnFolder } from "../../base/files/own-folder";
import type { KernelDialect } from "./kernel-dialect";

/** Transport to a kernel: over the local network, or over sockets in a folder of this user. */
export type Transport = "tcp" | "ipc";

/** Address of a kernel: the content of Jupyter's connection file. */
export interface Connection {
  readonly transport: Transport;
  /** An address; for `ipc` the path that the sockets' names begin with. */
  readonly ip: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly signature_scheme: "hmac-sha256";
  readonly key: string;
  readonly kernel_name: string;
}

/** A connection, and the connection file that the kernel reads. */
export interface ConnectionFile {
  readonly connection: Connection;
  readonly path: string;
  /** Removes the file, and for `tcp` its folder, once the kernel has read it. */
  readonly removeRead: () => Promise<void>;
  /** Removes the whole folder. */
  readonly remove: () => Promise<void>;
}

/** Characters that the path of a socket may have. */
const SOCKET_PATH = 90;

/** Picks five free ports, or names for sockets, and writes a connection file that only this user can read. */
export async function writeConnectionFile(kernelName: string, transport: Transport = "tcp"): Promise<ConnectionFile> {
  const base = transport === "ipc" && tmpdir().length > SOCKET_PATH - 64 ? "/tmp" : tmpdir();
  const folder = makeOwnFolder("kernel", base);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] =
      transport === "ipc" ? [1, 2, 3, 4, 5] : await freePorts(5);
    const key = randomBytes(32).toString("hex");
    const ip = transport === "ipc" ? join(folder, "socket") : "127.0.0.1";
    const connection: Connection = {
      transport,
      ip,
      shell_port,
      iopub_port,
      stdin_port,
      control_port,
      hb_port,
      signature_scheme: "hmac-sha256",
      key,
      kernel_name: kernelName,
    };
    const path = join(folder, "connection.json");
    await writeFile(path, JSON.stringify(connection, null, 1), { mode: 0o600 });
    return { connection, path, remove, removeRead: transport === "ipc" ? () => rm(path, { force: true }) : remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * The address of one of a kernel's sockets.
 *
 * @param dialect - the kernel's, which decides how an `ipc` path and a number are joined
 */
export function socketAddress(
  { transport, ip }: Connection,
  port: number,
  { ipcSeparator }: Pick<KernelDialect, "ipcSeparator">,
): string {
  return `${transport}://${ip}${transport === "ipc" ? ipcSeparator : ":"}${port}`;
}

/** Ports that are free now. All stay open until the last one is known, so they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const server = createServer();
      servers.push(server);
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    }
    return servers.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  }
}
