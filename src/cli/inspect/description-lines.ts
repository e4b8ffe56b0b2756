import type { EncoderConfig } from "../../model/encoder-config";
import { foreignWeights } from "../../model/weights/weight-files";
import { bytes, factLines, grouped } from "../terminal/text-layout";
import { shortPath } from "../run/run-in-terminal";
import { styled, table, type Terminal } from "../terminal/terminal";
import { adapterModules } from "./adapter-modules";
import type { Description } from "./describe-subject";

/** A description as text. */
export function descriptionLines(description: Description, terminal: Terminal): string[] {
  const { kind, path, weights, encoder, adapter, config, checkpoint, wouldTrain, unsupported, files, tensors } =
    description;
  const what = {
    file: path.endsWith(".bin") ? "torch file" : "safetensors file",
    adapter: "LoRA adapter",
    model: "model",
  }[kind];
  const rows: [string, string][] = [];
  if (encoder !== undefined)
    rows.push(
      ["type", encoderText(encoder)],
      ["labels", encoder.id2label?.join(", ") ?? "not named: the head is new, or unnamed"],
    );
  else if (typeof config?.model_type === "string") rows.push(["type", config.model_type]);
  if (adapter !== undefined && config !== undefined) rows.push(...adapterRows(adapter, config));
  rows.push(...weightsRows(description));
  if (checkpoint !== undefined) rows.push(["checkpoint", checkpointText(checkpoint)]);
  if (wouldTrain !== undefined)
    rows.push([wouldTrain.method === "lora" ? "LoRA would train" : "would train", wouldTrain.line]);
  if (wouldTrain !== undefined && wouldTrain.newlyInitialized.length > 0)
    rows.push(["initialized", `${wouldTrain.newlyInitialized.join(", ")}: the model does not hold them`]);
  if (wouldTrain?.method === "lora") {
    const { adapted, whole } = adapterModules(wouldTrain.parameters.map(({ name }) => name));
    rows.push(["its updates", modulesText(adapted)], ["and whole", modulesText(whole)]);
  }
  if (unsupported !== undefined) rows.push(["not for tslora", unsupported]);
  rows.push([
    "files",
    (files ?? weights.files)
      .map(({ name, bytes: size }) => `${name}\u00a0${bytes(size).replace(" ", "\u00a0")}`)
      .join(", "),
  ]);
  const lines = [
    `${styled(terminal, "bold", `${what} ${shortPath(path)}`)}`,
    ...factLines(rows, terminal).map((line) => line.replaceAll("\u00a0", " ")),
  ];
  if (tensors !== undefined)
    lines.push(
      "",
      ...table([
        ["tensor", "type", "shape"],
        ...tensors.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(", ")}]`]),
      ]),
    );
  return lines;
}

/** Rows about the weights: their number and types, notices about other content of their files, and metadata. */
function weightsRows({ weights, files }: Description): [string, string][] {
  const rows: [string, string][] = [];
  const types = Object.entries(weights.dtypes)
    .map(([dtype, count]) => (Object.keys(weights.dtypes).length === 1 ? dtype : `${dtype} ${count}`))
    .join(", ");
  rows.push([
    "weights",
    weights.files.length === 0
      ? (foreignWeights((files ?? []).map(({ name }) => name)) ?? "none")
      : `${grouped(weights.parameters)} in ${weights.tensorCount} tensors (${types})`,
  ]);
  for (const notice of weights.notices) rows.push(["also", notice]);
  if (Object.keys(weights.metadata).length > 0)
    rows.push([
      "metadata",
      Object.entries(weights.metadata)
        .map(([name, value]) => `${name}: ${value.length > 60 ? `${value.slice(0, 59)}…` : value}`)
        .join(", "),
    ]);
  return rows;
}

function encoderText(config: EncoderConfig): string {
  return `${config.modelType}: ${config.numHiddenLayers} layers of width ${config.hiddenSize}, ${config.numAttentionHeads} heads, feed-forward ${config.intermediateSize}, ${config.hiddenAct}, ${grouped(config.vocabSize)} tokens, ${config.maxPositionEmbeddings} positions`;
}

function adapterRows(
  { base, adapted, whole }: NonNullable<Description["adapter"]>,
  config: Readonly<Record<string, unknown>>,
): [string, string][] {
  const shown = (key: string): string => {
    const value = config[key];
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "not given");
  };
  const quiet = new Set([
    "base_model_name_or_path",
    "peft_type",
    "task_type",
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
  ]);
  const unset = (value: unknown): boolean =>
    value === null ||
    value === false ||
    value === "none" ||
    (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  const others = Object.entries(config).filter(([key, value]) => !quiet.has(key) && !unset(value));
  return [
    ["base", typeof base === "string" ? base : "not named"],
    [
      "LoRA",
      `r ${shown("r")}, alpha ${shown("lora_alpha")}, dropout ${shown("lora_dropout")}, targets ${shown("target_modules")}, task ${shown("task_type")}`,
    ],
    ["adapts", modulesText(adapted)],
    ["saved whole", whole.length === 0 ? "nothing: the head is not in it" : modulesText(whole)],
    ...(others.length === 0
      ? []
      : ([["other keys", others.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")]] as [
          string,
          string,
        ][])),
  ];
}

/** Names of modules, with the layers merged into one line: `…layer.{0-5}.attention.self.query`. */
function modulesText(names: readonly string[]): string {
  const layers = new Map<string, number[]>();
  for (const name of names) {
    const number = /\.(\d+)\./.exec(name)?.[1];
    const pattern = name.replace(/\.\d+\./, ".{}.").replace(/^base_model\.model\./, "");
    layers.set(pattern, [...(layers.get(pattern) ?? []), ...(number === undefined ? [] : [Number(number)])]);
  }
  return [...layers].map(([pattern, numbers]) => pattern.replace("{}", `{${ranges(numbers)}}`)).join(", ");
}

function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts: [number, number][] = [];
  for (const n of sorted) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(",");
}

function checkpointText(state: Readonly<Record<string, unknown>>): string {
  const keys = [
    ["step", "global_step"],
    ["epoch", "epoch"],
    ["best step", "best_global_step"],
    ["best metric", "best_metric"],
  ] as const;
  return keys
    .flatMap(([name, key]) =>
      ["number", "string"].includes(typeof state[key]) ? [`${name} ${JSON.stringify(state[key])}`] : [],
    )
    .join(", ");
}
