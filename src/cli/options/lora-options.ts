import {
  EVA_DEFAULTS,
  LORA_ALPHA_PER_R,
  LORA_BIASES,
  LORA_DEFAULTS,
  NAMED_INITIALIZATIONS,
  type LoraConfig,
} from "../../lora/lora-config";
import {
  choice,
  either,
  integer,
  list,
  mapped,
  number,
  numbersByName,
  valuesByName,
  text,
  toggle,
  truth,
  type OptionKind,
} from "./option-kinds";
import { keyOf, type OptionSpec } from "./option-table";

const names = list(text("name", "a name"), "names");

/**
 * Names separated by commas are a list. A text with characters other than letters, digits, dots and blanks is a regular
 * expression, as in peft.
 */
function modules(words: readonly string[] = []): OptionKind<readonly string[] | string> {
  const given = mapped(text("pattern", "names or a pattern"), (one): readonly string[] | string =>
    words.includes(one) || !/^[\w.,\s-]+$/.test(one) ? one : one.split(",").map((part) => part.trim()),
  );
  return { ...either(given, names, "a list of names, or a pattern"), metavar: "modules" };
}

/** peft's `LoraConfig`, key by key. */
export const LORA_OPTIONS = {
  r: { kind: integer(), help: "rank of the update", default: String(LORA_DEFAULTS.r) },
  loraAlpha: { kind: number(), help: "the update is scaled by lora-alpha / r", default: `${LORA_ALPHA_PER_R} r` },
  loraDropout: {
    kind: number("rate"),
    help: "dropout on the update's input, in training",
    default: String(LORA_DEFAULTS.loraDropout),
  },
  targetModules: {
    kind: modules(["auto", "all-linear"]),
    help: "linear layers to adapt: names separated by commas, a regular expression that matches whole names, all-linear, or auto (query and value)",
    default: LORA_DEFAULTS.targetModules,
  },
  excludeModules: {
    kind: modules(),
    help: "exceptions from --target-modules: names, or a regular expression",
  },
  modulesToSave: {
    kind: names,
    help: "modules besides the head to train whole and save with the adapter, by the end of their names; also embeddings",
  },
  bias: { kind: choice(LORA_BIASES), help: "which biases are trained", default: LORA_DEFAULTS.bias },
  useRslora: { kind: toggle(), help: "scale by lora-alpha / sqrt(r)" },
  useDora: { kind: toggle(), help: "train magnitude and direction separately (DoRA)" },
  rankPattern: {
    kind: numbersByName("name=n,..."),
    help: "ranks of individual layers, by patterns that match the end of their names",
  },
  alphaPattern: { kind: numbersByName("name=n,..."), help: "lora-alpha of individual layers, by the same patterns" },
  layersToTransform: {
    kind: { ...either(integer(), list(integer(), "numbers"), "a whole number or a list of them"), metavar: "numbers" },
    help: "numbers of the layers to adapt, from 0",
    default: "all",
  },
  layersPattern: {
    kind: {
      ...either(
        mapped(text("name"), (given) => given.split(",").map((part) => part.trim())),
        names,
        "a name or a list of names",
      ),
      metavar: "names",
    },
    help: "the name before a layer's number, such as layer",
  },
  initLoraWeights: {
    kind: {
      ...either(
        truth(),
        choice(NAMED_INITIALIZATIONS),
        `true, false, ${NAMED_INITIALIZATIONS.map((name) => `"${name}"`).join(", ")}`,
      ),
      metavar: "way",
    },
    help: "initialization of A and B: true (A uniform, B 0), gaussian, pissa, olora, eva (from the training texts), or false (both uniform)",
    default: String(LORA_DEFAULTS.initLoraWeights),
  },
  evaConfig: {
    kind: mapped(valuesByName("name=value,..."), (values) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [keyOf(name), value])),
    ),
    help: `for --init-lora-weights eva: ${Object.keys(EVA_DEFAULTS).join(", ")}`,
    default: Object.entries(EVA_DEFAULTS)
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
  },
} as const satisfies Record<keyof LoraConfig, OptionSpec<unknown>>;
