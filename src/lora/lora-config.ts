import { Problems } from "../base/problems";
import type { ModelType } from "../model/encoder-config";

/** What peft's `LoraConfig` says, in camelCase. */
export interface LoraConfig {
  /**
   * Rank of the update.
   * @default 8
   */
  readonly r?: number;
  /**
   * The update is scaled by loraAlpha / r.
   * @default 2 * r
   */
  readonly loraAlpha?: number;
  /**
   * Dropout on the input of A, in training.
   * @default 0.1
   */
  readonly loraDropout?: number;
  /**
   * Which linear layers are adapted: names (the whole name, or the part after a dot), a pattern (a regular expression
   * that matches whole names), "all-linear" (all but those that are trained whole with the head), or "auto" (query and
   * value).
   * @default "auto"
   */
  readonly targetModules?: "auto" | "all-linear" | readonly string[] | RegExp | (string & {});
}

/** A {@link LoraConfig} with every value decided. */
export interface ResolvedLoraConfig {
  readonly r: number;
  readonly loraAlpha: number;
  readonly loraDropout: number;
  /** As peft writes it: names, or a pattern. */
  readonly targetModules: readonly string[] | string;
}

const KNOWN = ["r", "loraAlpha", "loraDropout", "targetModules"];

/**
 * Fills in the defaults and checks every value against the model's layers.
 *
 * @param config - what the user asked for
 * @param options.modelType - decides what "auto" and "all-linear" name
 * @throws TsloraError `bad-option` that lists everything wrong.
 */
export function resolveLoraConfig(config: LoraConfig, options: { modelType: ModelType; hiddenSize: number }): ResolvedLoraConfig {
  const r = config.r ?? 8;
  const loraAlpha = config.loraAlpha ?? 2 * r;
  const loraDropout = config.loraDropout ?? 0.1;
  const problems = new Problems("addAdapter");
  for (const name of Object.keys(config)) problems.expect(KNOWN.includes(name), `"${name}" is not an option of LoraConfig here; known are ${KNOWN.join(", ")}`);
  problems.expect(Number.isInteger(r) && r >= 1 && r <= options.hiddenSize, `r is to be a whole number from 1 to the model's width, ${options.hiddenSize}; ${String(r)} came`);
  problems.expect(Number.isFinite(loraAlpha) && loraAlpha > 0, `loraAlpha is to be a number above 0; ${String(loraAlpha)} came`);
  problems.expect(loraDropout >= 0 && loraDropout < 1, `loraDropout is to be a number in [0, 1); ${String(loraDropout)} came`);
  const targetModules = targets(config.targetModules ?? "auto", { modelType: options.modelType, problems });
  problems.throwIfAny();
  return { r, loraAlpha, loraDropout, targetModules };
}

function targets(given: NonNullable<LoraConfig["targetModules"]>, { modelType, problems }: { modelType: ModelType; problems: Problems }): readonly string[] | string {
  if (given === "auto") return modelType === "distilbert" ? ["q_lin", "v_lin"] : ["query", "value"];
  if (given === "all-linear") return modelType === "distilbert" ? ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"] : ["query", "key", "value", "dense"];
  if (given instanceof RegExp) return given.source.replace(/^\^/, "").replace(/\$$/, "");
  if (typeof given === "string") {
    try {
      new RegExp(given);
    } catch (error) {
      problems.expect(false, `targetModules is not a regular expression: ${error instanceof Error ? error.message : given}`);
    }
    return given;
  }
  problems.expect(Array.isArray(given) && given.length > 0 && given.every((name) => typeof name === "string" && name !== ""), `targetModules is to be a list of names, a pattern, "auto" or "all-linear"; ${JSON.stringify(given)} came`);
  return given;
}
