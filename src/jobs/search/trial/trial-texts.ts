import type { ExampleLabel } from "../../../training/loss/classification-loss";
import { isRecord } from "../../../base/json";
import { shownPath } from "../../../base/shown-path";
import { readTextFile } from "../../../base/files/read-text-file";
import { TsloraError } from "../../../base/tslora-error";

/** A text, or a pair of texts, with its class, or with a 0 or 1 for each label. */
export interface TrialText {
  readonly text: string;
  readonly textPair?: string;
  readonly label: ExampleLabel;
}

/** Texts as a job's input: a JSON object per line. The same texts give the same bytes. */
export function textLines(texts: readonly TrialText[]): string {
  return texts.map(({ text, textPair, label }) => `${JSON.stringify({ text, textPair, label })}\n`).join("");
}

/**
 * Reads texts that {@link textLines} wrote.
 *
 * @throws TsloraError `bad-input` with the line that is none
 */
export async function readTextLines(path: string): Promise<TrialText[]> {
  const content = await readTextFile(path, { maxBytes: 1 << 30, called: `the texts ${shownPath(path)}` });
  const lines = content.split("\n").filter((line) => line !== "");
  return lines.map((line, i) => {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value) || typeof value.text !== "string")
      throw new TsloraError("bad-input", `Line ${i + 1} of ${shownPath(path)} must be an object with text and label.`);
    return value as unknown as TrialText;
  });
}
