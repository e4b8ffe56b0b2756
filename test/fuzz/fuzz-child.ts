import { runCase } from "./run-case";
import type { CaseOutcome } from "./fuzz-target";
import { targets } from "./targets";

/** The cases that a process runs. */
export interface ChildTask {
  readonly target: string;
  readonly seed: number;
  readonly cases: readonly number[];
  /** A folder for the valid inputs. */
  readonly folder: string;
}

/** A message to the parent: a case begins, its input is damaged, or it has ended. */
export type ChildMessage =
  | { readonly kind: "begin"; readonly index: number }
  | { readonly kind: "damage"; readonly index: number; readonly changes: readonly string[] }
  | { readonly kind: "end"; readonly index: number; readonly outcome: CaseOutcome };

/** Runs cases in a process of its own, which may crash or hang, and reports each to the parent. */
async function main({ target: name, seed, cases, folder }: ChildTask): Promise<void> {
  const target = targets.find((one) => one.name === name);
  if (target === undefined || process.send === undefined)
    throw new Error(`${name} is no target, or there is no parent`);
  const send = (message: ChildMessage): Promise<void> =>
    new Promise((resolve, reject) =>
      process.send?.(message, undefined, {}, (error: Error | null) => (error === null ? resolve() : reject(error))),
    );
  await target.prepare(folder);
  for (const index of cases) {
    await send({ kind: "begin", index });
    const outcome = await runCase(target, {
      seed,
      index,
      onDamage: (changes) => send({ kind: "damage", index, changes }),
    });
    await send({ kind: "end", index, outcome });
  }
  target.close();
  process.disconnect();
}

void main(JSON.parse(process.argv[2]) as ChildTask);
