import { TsloraError } from "../../base/tslora-error";
import { flagOf, type OptionGroup } from "../options/option-table";

/** Calls of the library that a message may begin with; they are replaced by the command. */
const CALLS =
  /^(?:addAdapter|addWeightedAdapter|evaluate|evaluateMultiLabel|exportOnnx|fitCalibration|fitCascade|fitConformal|loadClassifier|loadCorpus|loadTokenizer|logitsOf|predict|predictFiles|predictionSets|train|trainBaseline|trainMultiLabelBaseline|trainTestSplit)(?=:)/;

/** Quoted texts come from files (names of columns, values, patterns) and are not changed. */
const QUOTED = /("(?:[^"\\\n]|\\.)*")/;

/** A value after a key, as code writes it. */
const VALUE = String.raw`: (true|false|none\b|"(?:[^"\\\n]|\\.){0,60}"|-?\d[\d.e-]*)`;

/**
 * Replaces option names of the library in a message by a command's flags: `options.textColumn` and `textColumn` become
 * `--text-column`, `quote: false` becomes `--no-quotes`, `onBadEntry: "report"` becomes `--on-bad-entry report`. The
 * flags come from the table that defines them, so no option is missed. A key of one plain word, such as `seed` or `r`,
 * is replaced only if it is the subject of a problem ("r must be ...") or follows `options.`.
 *
 * @param groups - the command's options
 */
export function flagsInMessage(
  message: string,
  { command, groups }: { readonly command: string; readonly groups: readonly OptionGroup[] },
): string {
  const specs = groups.flatMap(({ options }) => Object.entries(options));
  const flags = new Map(specs.map(([key, { libraryKey = key }]) => [libraryKey, flagOf(key)]));
  const keys = [...flags.keys()].sort((a, b) => b.length - a.length).join("|");
  const flag = (key: string): string => flags.get(key) ?? key;
  const camel = [...flags.keys()].filter((key) => /[A-Z]/.test(key)).join("|") || "(?!)";
  const setting = (key: string, value: string): string => {
    if (value === "true") return flag(key);
    return value === "false"
      ? flag(key).replace("--", "--no-")
      : `${flag(key)} ${value.replace(/^"([\w./-]+)"$/, "$1")}`; // other texts need quotes in a shell
  };
  const settings = new RegExp(String.raw`(?<![\w.$/"'-])(?:options\.)?(${keys})${VALUE}(?![\w"]| must\b)`, "g");
  const named = new RegExp(String.raw`\boptions\.(${keys})\b`, "g");
  const words = new RegExp(String.raw`(?<![\w.$/'-])(${camel})(?![\w/(-]|\.\w)`, "g");
  const subject = new RegExp(
    String.raw`^((?:- )?(?:tslora [\w-]+: )?)(${keys})(?=(?:\[[^\]\n]*\])*(?:,? (?:must|is to|are to|has to|needs)\b| ?:))`,
    "gm",
  );
  return message
    .replace(CALLS, `tslora ${command}`)
    .replace(settings, (_whole, key: string, value: string) => setting(key, value))
    .replace(subject, (_whole, before: string, key: string) => `${before}${flag(key)}`)
    .split(QUOTED)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part
            .replace(/ \(limits\.\w+\)/g, "")
            .replace(named, (_whole, key: string) => flag(key))
            .replace(words, (_whole, key: string) => flag(key)),
    )
    .join("");
}

/** Converts an error of the library to the command's words; returns any other value unchanged. */
export function errorWithFlags(
  error: unknown,
  of: { readonly command: string; readonly groups: readonly OptionGroup[] },
): unknown {
  if (!(error instanceof TsloraError)) return error;
  const { code, details, message } = error;
  const problems: unknown = details.problems;
  const named = Array.isArray(problems)
    ? problems.map((problem: unknown) => (typeof problem === "string" ? flagsInMessage(problem, of) : problem))
    : problems;
  const shown = new TsloraError(code, flagsInMessage(message, of), {
    details: { ...details, problems: named },
    cause: error.cause,
  });
  if (error.stack !== undefined) shown.stack = error.stack;
  return shown;
}
