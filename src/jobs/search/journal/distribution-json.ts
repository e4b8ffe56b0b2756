import type { Distribution } from "../space/distribution";
import { valueText, type SettingValue } from "../space/search-space";
import { journalText, PythonFloat } from "./operations";

/** A distribution as Optuna's `distribution_to_json` writes it. */
export function distributionJson(distribution: Distribution): string {
  if (distribution.kind === "categorical")
    return journalText({
      name: "CategoricalDistribution",
      attributes: { choices: distribution.choices.map(choiceOf) },
    });
  const { whole, low, high, log, step } = distribution;
  if (whole) return journalText({ name: "IntDistribution", attributes: { log, step: step ?? 1, low, high } });
  return journalText({
    name: "FloatDistribution",
    attributes: {
      step: step === undefined ? null : new PythonFloat(step),
      low: new PythonFloat(low),
      high: new PythonFloat(high),
      log,
    },
  });
}

/** A choice as Optuna stores it: a list of names is one text. */
function choiceOf(choice: SettingValue): string | number | boolean {
  return typeof choice === "object" ? valueText(choice) : choice;
}
