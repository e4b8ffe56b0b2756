import { TsloraError } from "../../base/tslora-error";
import { defaultPrefixCacheFolder } from "../../classifier/prefix-cache/cache-room";
import { PrefixCache, prefixBytes, tooLarge } from "../../classifier/prefix-cache/prefix-cache";
import { hashPrefixWeights, prefixKey, type PrefixPass } from "../../classifier/prefix-cache/prefix-key";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { EncoderPrefix } from "../../model/encoder-prefix";
import type { TokenDocument } from "../../model/parts/packed-batch";
import type { ResolvedTrainOptions } from "../options/train-options";
import { planSteps } from "../run/plan-steps";
import type { TrainEvent } from "../train-event";
import { encoderDropout } from "./check-prefix-options";
import { trainingPrecision } from "../step/training-precision";

/** Texts of a run. */
interface RunTexts {
  readonly training: readonly TokenDocument[];
  readonly validation: readonly TokenDocument[] | undefined;
}

/** Options and texts of a run; the validation texts are encoded only for a run that may use the cache. */
interface RunSources {
  readonly options: ResolvedTrainOptions;
  readonly training: readonly TokenDocument[];
  readonly encodeValidation: () => readonly TokenDocument[] | undefined;
}

/** Inputs of a run's cache. */
interface PrefixPlan {
  readonly prefix: EncoderPrefix;
  readonly options: ResolvedTrainOptions;
  readonly texts: RunTexts;
}

const GIGABYTE = 1e9;

/** The frozen layers' results in a run: those of the training texts and of the validation texts. */
export class RunPrefix {
  readonly #classifier: SequenceClassifier;
  readonly #plan: PrefixPlan;
  #training: PrefixCache | undefined;
  #validation: PrefixCache | undefined;

  private constructor(classifier: SequenceClassifier, plan: PrefixPlan) {
    this.#classifier = classifier;
    this.#plan = plan;
  }

  /**
   * Decides whether a run uses the cache: if it was requested; or if it changes no number, the run has more than one
   * epoch, and the results fit into the limit. Returns undefined if the run uses none.
   *
   * @throws TsloraError `bad-option` if it was requested and the results do not fit into the limit
   */
  static plan(
    classifier: SequenceClassifier,
    { options, training, encodeValidation }: RunSources,
  ): RunPrefix | undefined {
    const { model } = classifier;
    const prefix = model.frozenPrefix();
    const { frozenPrefixCache: requested, frozenPrefixDropout } = options;
    const drops = frozenPrefixDropout && encoderDropout(model.config) > 0;
    if (prefix === undefined || drops || requested === false) return undefined;
    const texts = { training, validation: encodeValidation() };
    const bytes = prefixBytes(model, { prefix }, [...texts.training, ...(texts.validation ?? [])]);
    const fits = bytes <= options.frozenPrefixCacheLimit * GIGABYTE;
    const { totalSteps, stepsPerEpoch } = planSteps(texts.training.length, options);
    const changesNothing = model.isBatchIndependent && totalSteps > stepsPerEpoch && fits;
    if (requested !== true && !changesNothing) return undefined;
    if (!fits) throw tooLarge(bytes, options.frozenPrefixCacheLimit * GIGABYTE);
    return new RunPrefix(classifier, { prefix, options, texts });
  }

  /** Results of the training texts; undefined before {@link prepare}, and if they cannot be kept. */
  get training(): PrefixCache | undefined {
    return this.#training;
  }

  /** Results of the validation texts; undefined where they would change an evaluation's last bits. */
  get validation(): PrefixCache | undefined {
    return this.#validation;
  }

  /** Messages about damaged or missing results since the last call. */
  takeNotices(): readonly string[] {
    return [this.#training, this.#validation].flatMap((cache) => cache?.takeNotices() ?? []);
  }

  /**
   * Computes the results that the cache lacks, and reports progress. If the cache was not requested and cannot be
   * written, yields a warning, and the run computes the layers in each step.
   *
   * @throws TsloraError `not-saved` if the cache was requested and cannot be written, such as to a full disk
   */
  async *prepare(step: number, stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    try {
      yield* this.#fill(stop);
    } catch (error) {
      if (this.#plan.options.frozenPrefixCache === true || !isOfCache(error)) throw error;
      this.#training = this.#validation = undefined;
      const message = `The frozen layers are computed in each step: ${error.message}`;
      yield { type: "warning", kind: "frozen-prefix", step, message };
    }
  }

  async *#fill(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    const { prefix, options, texts } = this.#plan;
    const { model, device } = this.#classifier;
    const weights = await hashPrefixWeights(model, { prefix, inUse: (own) => this.#classifier.inUse(own) });
    const training: PrefixPass = { prefix, pass: "training", precision: trainingPrecision(model.ops, options) };
    const evaluation: PrefixPass = { prefix, pass: "evaluation" };
    const keyOf = (pass: PrefixPass): Promise<string> =>
      prefixKey(model, { ...pass, weights, device: device?.name ?? "" });
    const inUse = [await keyOf(training), await keyOf(evaluation)];
    const common = {
      directory: options.frozenPrefixCacheDir ?? defaultPrefixCacheFolder(),
      limit: options.frozenPrefixCacheLimit * GIGABYTE,
      inUse,
    };
    this.#training = PrefixCache.open(model, { ...training, ...common, key: inUse[0] });
    if (texts.validation !== undefined && model.isBatchIndependent)
      this.#validation = PrefixCache.open(model, { ...evaluation, ...common, key: inUse[1] });
    for (const [cache, documents] of [
      [this.#training, texts.training],
      [this.#validation, texts.validation],
    ] as const) {
      if (cache === undefined || documents === undefined) continue;
      for await (const progress of cache.fill(documents, stop)) yield { type: "frozen-prefix", ...progress };
    }
  }
}

function isOfCache(error: unknown): error is TsloraError {
  return error instanceof TsloraError && (error.code === "not-saved" || error.code === "bad-option");
}
