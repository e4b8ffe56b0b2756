import type { DataFrame } from "danfojs-node";

/** Warns if the run was trained on some of the texts: scores on them are too good. */
export async function warnOfTrainedTexts(
  frame: DataFrame,
  { folder, notice }: { folder: string; notice: (text: string) => void },
): Promise<void> {
  const { countTrainedTexts } = await import("../train/trained-texts.js");
  const trained = (await countTrainedTexts(folder, frame)) ?? 0;
  if (trained > 0)
    notice(
      `Warning: it was trained on ${trained} of these ${frame.shape[0]} texts, so the scores are too good. Evaluate on other texts, such as the run's test part.`,
    );
}
