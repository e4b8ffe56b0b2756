import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A gate at which cells wait until the test opens it. */
export interface Gate {
  /** A statement of a cell: waits until the gate is open. It must begin the cell's code, since it imports. */
  readonly wait: string;
  /** A statement of a cell: throws an unhandled error once the gate is open. It begins the cell's code too. */
  throwLater(message: string): string;
  open(): void;
}

/** Runs work with a gate. The gate is a file, so that it opens for a cell that blocks its kernel's messages as well. */
export async function withGate(work: (gate: Gate) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tslora-gate-"));
  const path = join(folder, "open");
  const imported = 'import { existsSync } from "node:fs";\n';
  const shut = `!existsSync(${JSON.stringify(path)})`;
  try {
    await work({
      wait: `${imported}while (${shut}) await new Promise((done) => setTimeout(done, 5));`,
      throwLater: (message) =>
        `${imported}const gateTimer = setInterval(() => { if (${shut}) return; clearInterval(gateTimer); throw new Error(${JSON.stringify(message)}); }, 5);`,
      open: () => writeFileSync(path, ""),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
