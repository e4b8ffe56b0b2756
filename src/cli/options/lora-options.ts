import { either, integer, list, mapped, number, text, type OptionKind } from "./option-kinds";

const names = list(text("name", "a name"), "names");

/** Names parted by commas are a list; anything with more than letters, digits, dots and blanks is a pattern, as a text is in peft. */
function modules(words: readonly string[]): OptionKind<readonly string[] | string> {
  const text_ = mapped(text("pattern", "names or a pattern"), (said): readonly string[] | string => (words.includes(said) || !/^[\w.,\s-]+$/.test(said) ? said : said.split(",").map((part) => part.trim())));
  return { ...either(text_, names, "a list of names, or a pattern"), metavar: "modules" };
}

/** peft's `LoraConfig`, key by key. */
export const LORA_OPTIONS = {
  r: { kind: integer(), help: "rank of the update", default: "8" },
  loraAlpha: { kind: number(), help: "the update is scaled by lora-alpha / r", default: "2 r" },
  loraDropout: { kind: number("rate"), help: "dropout on the update's input, in training", default: "0.1" },
  targetModules: { kind: modules(["auto", "all-linear"]), help: "the linear layers that are adapted: names parted by commas, a regular expression that matches whole names, all-linear, or auto, which is query and value", default: "auto" },
} as const;

