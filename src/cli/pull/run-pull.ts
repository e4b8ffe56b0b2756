import { Problems } from "../../base/problems";
import { nameFault } from "../../hub/repo-name";
import { pullFromHub, type PulledAdapter, type PulledModel } from "../../hub/pull-from-hub";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { pick } from "../options/option-table";
import { PULL_OPTIONS } from "../options/push-options";
import { hearInterruption } from "../run/interruption";
import { fetchProgress } from "../terminal/fetch-progress";
import { writeNotice } from "../terminal/write-notice";

/** `tslora pull`. Prints the folders in the cache. */
export async function runPull({ terminal, args, values }: CommandCall): Promise<number> {
  const { id, revision } = wanted(args[0], pick(values, PULL_OPTIONS).revision);
  const interruption = hearInterruption(terminal, { effect: "the received part is kept" });
  const progress = fetchProgress(terminal);
  try {
    const pulled = await pullFromHub(id, {
      revision,
      signal: interruption.signal,
      onProgress: progress.update,
    });
    progress.stop();
    if (values.json === true) terminal.out.write(`${JSON.stringify(pulled, undefined, 2)}\n`);
    else {
      for (const text of pulled.kind === "adapter" ? pulled.notices : []) writeNotice(terminal, text);
      terminal.out.write(`${linesOf(pulled).join("\n")}\n`);
    }
    return EXIT.ok;
  } finally {
    progress.stop();
    interruption.release();
  }
}

/** Parses `owner/name@revision`. */
function wanted(name: string, flag: string | undefined): { id: string; revision: string | undefined } {
  const at = name.indexOf("@");
  const [id, revision] = at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
  const problems = new Problems("tslora pull");
  const fault = nameFault(id, { owner: false });
  problems.expect(fault === undefined, `the name ${fault ?? ""}; got ${JSON.stringify(id.slice(0, 200))}`);
  problems.expect(
    revision === undefined || flag === undefined,
    "the revision must be given once: after the @, or with --revision",
  );
  problems.throwIfAny();
  return { id, revision: revision ?? flag };
}

function linesOf(pulled: PulledModel | PulledAdapter): string[] {
  const { kind, directory, commit } = pulled;
  const lines = [`${kind}: ${directory}`];
  if (pulled.kind === "adapter" && pulled.base !== undefined) lines.push(`base: ${pulled.base.directory}`);
  return commit === undefined ? lines : [...lines, `commit: ${commit}`];
}
