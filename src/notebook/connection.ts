import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How to reach a kernel: what Jupyter's connection file says. */
export interface Connection {
  readonly transport: "tcp";
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

/** A connection and the file that tells the kernel of it; `remove` takes the file away. */
export interface ConnectionFile {
  readonly connection: Connection;
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Picks five free ports and writes a connection file that only this user can read. */
export async function writeConnectionFile(kernelName: string): Promise<ConnectionFile> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const key = randomBytes(32).toString("hex");
  const connection: Connection = { transport: "tcp", ip: "127.0.0.1", shell_port, iopub_port, stdin_port, control_port, hb_port, signature_scheme: "hmac-sha256", key, kernel_name: kernelName };
  const folder = await mkdtemp(join(tmpdir(), `tslora-kernel-${process.pid}-`));
  const path = join(folder, "connection.json");
  await writeFile(path, JSON.stringify(connection, null, 1), { mode: 0o600 });
  return { connection, path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Ports that are free now; all are held open until the last is known, so that they differ. */
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
