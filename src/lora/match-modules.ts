import { TsloraError } from "../base/tslora-error";

/**
 * Which modules a `target_modules` names, by peft's rules: an entry of a list matches the whole name or the part
 * after a dot; a string is a regular expression that matches a whole name.
 *
 * @param modules - names that may be adapted; the head's are left out by the caller
 * @throws TsloraError `bad-option` when an entry or the pattern matches nothing, with the names there are.
 */
export function matchModules(modules: readonly string[], targetModules: readonly string[] | string): string[] {
  const available = [...new Set(modules.map((name) => name.replace(/\.\d+\./g, ".*.")))];
  const nothing = (what: string): TsloraError =>
    new TsloraError("bad-option", `targetModules: ${what} matches no linear layer of the model that can be adapted. There are (* a layer's number):\n${available.map((name) => `- ${name}`).join("\n")}\nThe head is always trained and is not adapted.`);
  if (typeof targetModules === "string") {
    const whole = new RegExp(`^(?:${targetModules})$`);
    const matched = modules.filter((name) => whole.test(name));
    if (matched.length === 0) throw nothing(`the pattern ${targetModules}`);
    return matched;
  }
  const matches = (name: string, target: string): boolean => name === target || name.endsWith(`.${target}`);
  for (const target of targetModules) {
    if (!modules.some((name) => matches(name, target))) throw nothing(`"${target}"`);
  }
  return modules.filter((name) => targetModules.some((target) => matches(name, target)));
}
