/**
 * The program of the kernelspec `tslora`: tslab's kernel, extended. tslab compiles and runs the cells, and its server
 * talks to Jupyter. This file creates the extended parts and connects them as tslab's own `main` does.
 *
 * Called as `node main.js CONNECTION_FILE`.
 */
import "../notebook/tslab/preload"; // first: replaces tslab's socket by one that loses no outputs

import { CellRunner } from "./cell-runner";
import { Interrupts } from "./interrupts/interrupts";
import { kernelServer } from "./kernel-server";
import { loadTslab } from "./tslab";

const [connectionFile] = process.argv.slice(2);
if (connectionFile === undefined) {
  process.stderr.write("Jupyter starts tslora's kernel, with the path of a connection file as its argument.\n");
  process.exit(2);
}
const tslab = loadTslab();
const interrupts = new Interrupts();
const server = kernelServer(tslab, { runner: new CellRunner(tslab, interrupts), interrupts, connectionFile });
process.on("uncaughtException", (error) => server.fail(error));
process.on("unhandledRejection", (reason) => server.fail(reason));
server.init().catch((error: unknown) => {
  process.stderr.write(
    `tslora's kernel cannot open its sockets: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
