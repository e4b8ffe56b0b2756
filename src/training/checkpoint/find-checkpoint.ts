import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { shownPath } from "../../base/shown-path";
import { shownText } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { readState, STATE_FILE, type CheckpointState } from "./checkpoint-state";
import { recoverFolders } from "./replace-folder";
import { checkChecksums, MANIFEST } from "./folder-checksums";

/** An undamaged checkpoint. */
export interface FoundCheckpoint {
  readonly path: string;
  readonly state: CheckpointState;
  /** Newer checkpoints that were skipped, each with its damage. */
  readonly damaged: readonly string[];
}

/** The checkpoints in a folder, the oldest first. */
export async function listCheckpoints(directory: string): Promise<{ step: number; path: string }[]> {
  const names = await readdir(directory).catch(() => [] as string[]);
  const found = names.flatMap((name) =>
    /^checkpoint-\d+$/.test(name)
      ? [{ step: Number(name.slice("checkpoint-".length)), path: join(directory, name) }]
      : [],
  );
  return found.sort((a, b) => a.step - b.step);
}

/**
 * Finds the checkpoint to resume from. Checks its checksums, and those of the best checkpoint that it names.
 *
 * @param from - a checkpoint's folder, or "last" for the newest undamaged one in the output folder
 * @throws TsloraError `not-found` if there is none, `bad-input` if the named one is damaged.
 */
export async function findCheckpoint(
  from: string,
  { outputDir }: { outputDir: string | undefined },
): Promise<FoundCheckpoint> {
  if (from !== "last") {
    const path = await realpath(from).catch(() => resolve(from)); // a link may lead to it
    await recoverFolders(dirname(path));
    const damage = await damageOfCheckpoint(path);
    if (damage === undefined) return { path, state: await readState(path), damaged: [] };
    const others = (await listCheckpoints(dirname(path)))
      .map((c) => basename(c.path))
      .filter((name) => name !== basename(path));
    throw new TsloraError(
      "bad-input",
      `resumeFrom: ${shownPath(path)} is not a complete checkpoint: ${damage}. ${others.length === 0 ? "There is no other in its folder." : `Others in its folder are ${others.join(", ")}; resumeFrom: "last" takes the newest undamaged one.`}`,
    );
  }
  const directory = outputDir ?? "";
  await recoverFolders(directory);
  const damaged: string[] = [];
  for (const { path } of (await listCheckpoints(directory)).reverse()) {
    const damage = await damageOfCheckpoint(path);
    if (damage === undefined) return { path, state: await readState(path), damaged };
    damaged.push(`${basename(path)} is damaged: ${damage}`);
  }
  throw new TsloraError(
    "not-found",
    `resumeFrom: "last": ${shownPath(directory)} holds no ${damaged.length === 0 ? "checkpoint" : `undamaged checkpoint (${damaged.join("; ")})`}. Leave resumeFrom out to start a new run.`,
  );
}

async function damageOfCheckpoint(path: string): Promise<string | undefined> {
  const damage = await damageOfFiles(path);
  if (damage !== undefined) return damage;
  const { best, step, identity } = await readState(path);
  if (best === undefined || best.step === step || identity.options.loadBestModelAtEnd !== true) return undefined;
  const ofBest = await damageOfFiles(join(dirname(path), `checkpoint-${best.step}`));
  return ofBest === undefined ? undefined : `in checkpoint-${best.step}, the best so far, ${ofBest}`;
}

/** Checks a checkpoint's files against its checksums, and the checksums against those in its state. */
async function damageOfFiles(path: string): Promise<string | undefined> {
  const checksums = await checkChecksums(path, { required: ["optimizer.safetensors", STATE_FILE] });
  if (checksums.damage !== undefined) return checksums.damage;
  const { files } = await readState(path);
  if (files === undefined) return undefined;
  for (const [name, sum] of checksums.sums)
    if (name !== STATE_FILE && (!Object.hasOwn(files, name) || files[name] !== sum))
      return `${shownText(name, 100)} is not the file that ${STATE_FILE} was saved with`;
  for (const name of Object.keys(files))
    if (!checksums.sums.has(name))
      return `${shownText(name, 100)}, which ${STATE_FILE} was saved with, is not in ${MANIFEST}`;
  return undefined;
}
