import { isRecord } from "../../../base/json";
import type { Problems } from "../../../base/problems";
import { shownValue } from "../../../base/shown-value";
import { valueText, type SearchSpace, type SettingValue } from "./search-space";

const KEYS = {
  float: ["type", "low", "high", "log", "step", "when"],
  int: ["type", "low", "high", "log", "step", "when"],
  categorical: ["type", "choices", "when"],
} as const;

/**
 * Checks a search space of any origin, and adds all that is wrong to `problems`, each with the name of its setting.
 *
 * @param place - the name of a setting in a message. @default `space.NAME`
 */
export function checkSpace(
  space: unknown,
  { problems, place = (name) => `space.${name}` }: { problems: Problems; place?: (name: string) => string },
): space is SearchSpace {
  const before = problems.count;
  if (!isRecord(space) || Object.keys(space).length === 0) {
    problems.expect(false, `space must hold at least one setting with its range; got ${shownValue(space)}`);
    return false;
  }
  const above: string[] = [];
  for (const [name, range] of Object.entries(space)) {
    checkRange(range, { name: place(name), problems });
    if (isRecord(range) && range.when !== undefined)
      checkCondition(range.when, { space, above, problems, name: place(name) });
    above.push(name);
  }
  return problems.count === before;
}

function checkRange(range: unknown, { name, problems }: { name: string; problems: Problems }): void {
  const types = Object.keys(KEYS);
  if (!isRecord(range) || typeof range.type !== "string" || !types.includes(range.type)) {
    const got = isRecord(range) ? range.type : range;
    problems.expect(false, `${name} must have a type: float, int or categorical; got ${shownValue(got)}`);
    return;
  }
  const type = range.type as keyof typeof KEYS;
  const known: readonly string[] = KEYS[type];
  for (const key of Object.keys(range))
    problems.expect(
      known.includes(key),
      `${name}.${key} is not a key of a range of type ${type}; known are ${known.join(", ")}`,
    );
  if (type === "categorical") checkChoices(range.choices, { name, problems });
  else checkNumbers(range, { name, type, problems });
}

function checkChoices(choices: unknown, { name, problems }: { name: string; problems: Problems }): void {
  if (
    !problems.expect(
      Array.isArray(choices) && choices.length > 0,
      `${name}.choices must be a list of at least one value; got ${shownValue(choices)}`,
    )
  )
    return;
  const list = choices as readonly unknown[];
  const bad = list.find((one) => !isSettingValue(one));
  problems.expect(
    bad === undefined,
    `${name}.choices must hold texts, finite numbers, true, false or lists of texts; got ${shownValue(bad)}`,
  );
  const texts = list.filter(isSettingValue).map(valueText);
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  problems.expect(twice === undefined, `${name}.choices must differ; got ${twice} twice`);
}

function isSettingValue(value: unknown): value is SettingValue {
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => typeof one === "string");
  return typeof value === "string" || typeof value === "boolean";
}

function checkNumbers(
  range: Readonly<Record<string, unknown>>,
  { name, type, problems }: { name: string; type: "float" | "int"; problems: Problems },
): void {
  const { low, high, log, step } = range;
  const isValid = (value: unknown): value is number =>
    type === "int" ? Number.isSafeInteger(value) : typeof value === "number" && Number.isFinite(value);
  const kind = type === "int" ? "a whole number" : "a number";
  for (const [key, value] of Object.entries({ low, high }))
    problems.expect(isValid(value), `${name}.${key} must be ${kind}; got ${shownValue(value)}`);
  problems.expect(
    log === undefined || typeof log === "boolean",
    `${name}.log must be true or false; got ${shownValue(log)}`,
  );
  if (step !== undefined)
    problems.expect(isValid(step) && step > 0, `${name}.step must be ${kind} above 0; got ${shownValue(step)}`);
  if (!isValid(low) || !isValid(high)) return;
  problems.expect(low <= high, `${name}.low must be at most high; got ${low} and ${high}`);
  if (log !== true) return;
  problems.expect(low > 0, `${name}.low must be above 0 where log is true; got ${low}`);
  problems.expect(
    step === undefined || (type === "int" && step === 1),
    `${name}.step must be left out where log is true; got ${shownValue(step)}`,
  );
}

function checkCondition(
  when: unknown,
  {
    space,
    above,
    problems,
    name,
  }: { space: Readonly<Record<string, unknown>>; above: readonly string[]; problems: Problems; name: string },
): void {
  if (!problems.expect(isRecord(when), `${name}.when must map names of settings to values; got ${shownValue(when)}`))
    return;
  for (const [on, wanted] of Object.entries(when as Readonly<Record<string, unknown>>)) {
    const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    problems.expect(
      above.includes(on),
      `${name}.when names ${on}, which must be a setting above it; ${on in space ? `move ${on} up` : `there are ${above.join(", ") || "none"}`}`,
    );
    const range = space[on];
    const choices: readonly unknown[] | undefined =
      isRecord(range) && Array.isArray(range.choices) ? (range.choices as readonly unknown[]) : undefined;
    for (const value of values) {
      const valid = problems.expect(
        isSettingValue(value) && !Array.isArray(value),
        `${name}.when.${on} must be a value or a list of values; got ${shownValue(value)}`,
      );
      if (valid && choices !== undefined)
        problems.expect(
          choices.some((one) => isSettingValue(one) && valueText(one) === valueText(value as SettingValue)),
          `${name}.when.${on} must be one of ${on}'s choices; got ${shownValue(value)}`,
        );
    }
  }
}
