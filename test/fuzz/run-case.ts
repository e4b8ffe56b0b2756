import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import type { CaseOutcome, Finding, FuzzTarget } from "./fuzz-target";

/** A message of more characters is longer than anyone reads. */
const LONGEST_MESSAGE = 4000;

/** A case of kilobytes that raises the process's largest size by more holds what it should refuse. */
const MOST_MEMORY = 400 * 2 ** 20; // bytes

/** Options of {@link runCase}. */
export interface CaseOptions {
  readonly seed: number;
  readonly index: number;
  /** Receives the changes before the input is read, which may end the process. */
  readonly onDamage?: (changes: readonly string[]) => Promise<void>;
}

/** Runs one case: damages an input, has it read, and judges how that ended. */
export async function runCase(target: FuzzTarget, options: CaseOptions): Promise<CaseOutcome> {
  const { seed, index, onDamage } = options;
  const folder = await mkdtemp(join(tmpdir(), "tslora-fuzz-"));
  try {
    const { changes, mustRefuse, read } = await target.damage(folder, new Random(seed).fork(`${target.name} ${index}`));
    await onDamage?.(changes);
    const finding = (kind: Finding["kind"], detail: string): CaseOutcome => ({
      kind: "finding",
      finding: { target: target.name, case: index, kind, changes, detail },
    });
    const before = process.resourceUsage().maxRSS;
    const outcome = await read().then(
      (complaint): CaseOutcome => {
        if (complaint !== undefined) return finding("accepted", complaint);
        return mustRefuse === undefined ? { kind: "accepted" } : finding("accepted", mustRefuse);
      },
      (error: unknown): CaseOutcome => {
        if (!(error instanceof TsloraError))
          return finding("other-error", error instanceof Error ? (error.stack ?? error.message) : String(error));
        const { message } = error;
        if (message.length > LONGEST_MESSAGE)
          return finding("long-message", `${message.length} characters: ${message.slice(0, 300)}`);
        return { kind: "refused", message: message.replaceAll(folder, "FOLDER") };
      },
    );
    const grown = (process.resourceUsage().maxRSS - before) * 1024;
    return grown > MOST_MEMORY && index > 0 ? finding("memory", `${Math.round(grown / 2 ** 20)} MiB more`) : outcome;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
