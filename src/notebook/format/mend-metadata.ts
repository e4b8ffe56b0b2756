import { isRecord, type JsonRecord } from "../../base/json";
import { withoutKeys } from "./without-keys";

/**
 * Repairs a notebook's kernelspec and language_info: a kernelspec without a display name gets the kernel's name; a
 * kernelspec or language_info without a name is left out. A run completes them with its kernel's.
 *
 * @param onRepair - called for each repair
 */
export function mendMetadata(notebook: JsonRecord, onRepair: (what: string) => void): JsonRecord {
  const { metadata } = notebook;
  if (!isRecord(metadata)) return notebook; // refused by the check of the format
  const { kernelspec, language_info: language } = metadata;
  let mended = metadata;
  if (kernelspec !== undefined && !hasName(kernelspec)) {
    onRepair("its kernelspec names no kernel; it is left out");
    mended = withoutKeys(mended, ["kernelspec"]);
  } else if (isRecord(kernelspec) && typeof kernelspec.display_name !== "string") {
    mended = { ...mended, kernelspec: { ...kernelspec, display_name: kernelspec.name } };
  }
  if (language !== undefined && !hasName(language)) {
    onRepair("its language_info names no language; it is left out");
    mended = withoutKeys(mended, ["language_info"]);
  }
  return mended === metadata ? notebook : { ...notebook, metadata: mended };
}

function hasName(value: unknown): boolean {
  return isRecord(value) && typeof value.name === "string" && value.name.trim() !== "";
}
