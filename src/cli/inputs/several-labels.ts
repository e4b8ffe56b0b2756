import type { OptionValues } from "../options/option-table";
import type { DATA_OPTIONS } from "../options/shared-options";

/** Whether the options of the data ask for texts with several labels. */
export function asksForSeveralLabels({
  multiLabel,
  labelColumns,
}: Pick<OptionValues<typeof DATA_OPTIONS>, "multiLabel" | "labelColumns">): boolean {
  return multiLabel === true || labelColumns !== undefined;
}
