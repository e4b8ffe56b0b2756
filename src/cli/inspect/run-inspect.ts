import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { LORA_OPTIONS } from "../options/lora-options";
import { pick } from "../options/option-table";
import { INSPECT_OPTIONS } from "../options/inspect-options";
import { describeSubject, type Description } from "./describe-subject";
import { descriptionLines } from "./description-lines";
import { findSubject } from "./find-subject";

/** `tslora inspect`: all subjects are found before the first is described. */
export async function runInspect({ terminal, args, values }: CommandCall): Promise<number> {
  const { tensors = false, trainable = true, method = "lora", labels } = pick(values, INSPECT_OPTIONS);
  const lora = pick(values, LORA_OPTIONS);
  const subjects = [];
  for (const name of args) subjects.push(await findSubject(name));
  const { loadQuietly } = await import("../load-quietly.js");
  const descriptions: Description[] = [];
  for (const subject of subjects) {
    descriptions.push(
      await describeSubject(subject, {
        tensors,
        trainable,
        method,
        lora,
        labels,
        beforeLoading: () => loadQuietly(terminal),
      }),
    );
  }
  if (values.json === true) {
    terminal.out.write(`${JSON.stringify(descriptions.length === 1 ? descriptions[0] : descriptions, undefined, 2)}\n`);
    return EXIT.ok;
  }
  for (const { notice } of descriptions) if (notice !== undefined) terminal.err.write(`${notice}\n`);
  terminal.out.write(
    `${descriptions.map((description) => descriptionLines(description, terminal).join("\n")).join("\n\n")}\n`,
  );
  return EXIT.ok;
}
