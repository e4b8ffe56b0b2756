import { Problems } from "../../base/problems";
import type { RawFlags } from "./add-options";
import type { Checked } from "./option-kinds";
import { flagOf, keyOf, type OptionGroup, type OptionSpec } from "./option-table";
import { readConfigFile } from "./read-config-file";

/**
 * Merges and checks the options of flags and configuration file; flags win. A null in the file means the default.
 *
 * @param command - its name, for messages
 * @throws TsloraError `bad-option` that lists every unknown key and every value of a wrong type in both.
 */
export async function gatherOptions(
  command: string,
  groups: readonly OptionGroup[],
  raw: RawFlags,
): Promise<Readonly<Record<string, unknown>>> {
  const specs = new Map(groups.flatMap(({ options }) => Object.entries(options)));
  const problems = new Problems(`tslora ${command}`);
  const values: Record<string, unknown> = {};
  const path = configPath(raw, problems);
  if (path !== undefined) await readFile(path, { specs, problems, values });
  for (const [key, spec] of specs) {
    const given = raw[key];
    if (given !== undefined && key !== "config") readFlag(key, { spec, given, problems, values });
  }
  problems.throwIfAny();
  return values;
}

function configPath({ config }: RawFlags, problems: Problems): string | undefined {
  if (config === undefined || typeof config === "boolean") return undefined;
  problems.expect(config.length === 1, `--config must be given once; got ${config.length} files`);
  return config[0];
}

async function readFile(
  path: string,
  to: { specs: ReadonlyMap<string, OptionSpec<unknown>>; problems: Problems; values: Record<string, unknown> },
): Promise<void> {
  const { specs, problems, values } = to;
  const known = [...specs.keys()].filter((key) => key !== "config");
  const seen = new Set<string>();
  const unknown: string[] = [];
  for (const { name, value, line } of await readConfigFile(path)) {
    const key = keyOf(name);
    const where = `${path}${line === undefined ? "" : `, line ${line}`}: ${name}`;
    const spec = key === "config" ? undefined : specs.get(key);
    if (spec === undefined) unknown.push(`${where} is not an option here${suggestion(key, known)}`);
    else if (
      problems.expect(!seen.has(key), `${where} is given twice, in two spellings`) &&
      value !== null &&
      value !== undefined
    ) {
      take(spec.kind.fromValue(value), { key, where, problems, values });
    }
    seen.add(key);
  }
  for (const [i, problem] of unknown.entries())
    problems.expect(false, i === unknown.length - 1 ? `${problem}. Known are ${known.join(", ")}` : problem);
}

function readFlag(
  key: string,
  from: {
    spec: OptionSpec<unknown>;
    given: readonly string[] | boolean;
    problems: Problems;
    values: Record<string, unknown>;
  },
): void {
  const { spec, given, problems, values } = from;
  const flag = flagOf(key);
  if (typeof given === "boolean") {
    values[key] = given;
    return;
  }
  if (
    !problems.expect(given.length === 1 || spec.kind.repeats, `${flag} must be given once; got ${given.length} values`)
  )
    return;
  const parts: unknown[] = [];
  for (const text of given) {
    const part: Record<string, unknown> = {};
    take(spec.kind.fromText(text), { key, where: flag, problems, values: part });
    if (key in part) parts.push(part[key]);
  }
  if (parts.length === given.length) values[key] = parts.length === 1 ? parts[0] : parts.flat();
}

function take(
  checked: Checked<unknown>,
  to: { key: string; where: string; problems: Problems; values: Record<string, unknown> },
): void {
  if (checked.ok) to.values[to.key] = checked.value;
  else to.problems.expect(false, `${to.where}${checked.path} must be ${checked.expected}; got ${shown(checked.got)}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A known key with a similar spelling, if there is one. */
function suggestion(key: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: distance(name.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= Math.max(1, Math.floor(key.length / 4))
    ? ` (did you mean ${near.name}?)`
    : "";
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
}
