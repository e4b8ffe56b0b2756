import { access } from "node:fs/promises";
import { join } from "node:path";

import { expandHome } from "../base/files/expand-home";
import { Problems } from "../base/problems";
import { Random } from "../base/random";
import { shownPath } from "../base/shown-path";
import { shownNames, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { Tensor } from "../ops/tensor";
import type { ClassificationModel } from "../model/classification-model";
import { openWeights, type Checkpoint } from "../model/weights/weight-files";
import { PAIRS_KEY, PEFT_PREFIX, type Adapter } from "./adapter";
import { DEFAULT_NAME, type AdapterSet } from "./adapter-set";
import { adapterWeightsPath } from "./adapter-weights";
import { buildAdapter, expectedWeights } from "./build-adapter";
import { drawnModules, withDrawnModules } from "./drawn-modules";
import { earlierNotices, expectOwnWeights, unsavedBiases, weightsNamedBias } from "./earlier-peft";
import { readPeftConfig } from "./peft-config";
import { planAdapter, type AdapterPlan } from "./plan-adapter";

/** An adapter, as read. */
export interface LoadedAdapter {
  readonly adapter: Adapter;
  /** Keys of adapter_config.json that tslora does not know and ignored. */
  readonly unknownKeys: readonly string[];
  /**
   * Entries of the configuration that have no effect on this model, e.g. a name in target_modules that no layer has,
   * and weights that earlier versions of peft saved differently.
   */
  readonly idle: readonly string[];
}

/**
 * Reads an adapter in peft's format and adds it to a model. The first adapter becomes active. Everything is checked
 * before anything changes.
 *
 * If a newly initialized module is missing from the adapter, the adapter gets a copy marked as `drawn`. Training the
 * adapter trains and saves the copy; every other use is an error.
 *
 * @param options.directory - the folder of the files, or its parent if the folder has the adapter's name
 * @param options.severalBiases - whether several adapters may train biases. @default false
 * @throws TsloraError naming every missing, unexpected or mis-shaped tensor and every option that is not supported.
 */
export async function loadAdapter(
  set: AdapterSet,
  model: ClassificationModel,
  options: { directory: string; name?: string; severalBiases?: boolean },
): Promise<LoadedAdapter> {
  const { name = DEFAULT_NAME, severalBiases } = options;
  set.expectNotMerged("loadAdapter");
  const directory = await folderOf(expandHome(options.directory), name);
  const { config, unknownKeys, baseModel } = await readPeftConfig(join(directory, "adapter_config.json"));
  const problems = new Problems(misfit(directory, baseModel));
  set.checkNew(name, { call: "loadAdapter", bias: config.bias, problems, severalBiases });
  const plan = planAdapter(model, config, { problems, strict: false });
  problems.throwIfAny("bad-option");
  expectNotAdapted(plan, { model, directory });
  const whole = planAdapter(model, withDrawnModules(config, model), { problems, strict: false });
  const file = await openWeights(adapterWeightsPath(directory));
  const { ops } = model;
  const given = new Map<string, Tensor>();
  try {
    const absent = unsavedBiases(file, plan);
    const ignored = weightsNamedBias(file, { model, plan });
    checkWeights(file, { plan, baseModel, absent, ignored });
    await expectOwnWeights(file, { model, names: ignored, where: misfit(file.path, baseModel) });
    for (const { name: key, shape } of expectedWeights(plan))
      if (!absent.has(key)) given.set(key, ops.float(await file.readFloats(key), shape));
    // A tensor that is there twice is checked, but not used.
    for (const key of file.entries.keys()) if (!given.has(key)) await file.readFloats(key);
    // Another adapter may have been added meanwhile.
    set.checkNew(name, { call: "loadAdapter", bias: config.bias, problems, severalBiases });
    problems.throwIfAny("bad-option");
    const adapter = set.accept(buildAdapter(model, whole, { name, random: new Random(0), given }));
    adapter.takesPairs = file.metadata?.[PAIRS_KEY] === "true";
    return {
      adapter,
      unknownKeys,
      idle: [...plan.idle, ...earlierNotices(absent, ignored)],
    };
  } catch (error) {
    ops.dispose(...given.values());
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Refuses an adapter that updates a newly initialized layer: the update is useless without the weights that it belongs
 * to.
 */
function expectNotAdapted(
  { layers, savedModules }: AdapterPlan,
  { model, directory }: { model: ClassificationModel; directory: string },
): void {
  const isSaved = (module: string): boolean =>
    savedModules.some((saved) => module === saved || module.startsWith(`${saved}.`));
  const drawn = drawnModules(model).filter((module) => !isSaved(module));
  const adapted = layers.map(({ linear }) => linear.module).filter((module) => drawn.includes(module));
  if (adapted.length === 0) return;
  throw new TsloraError(
    "bad-input",
    `The adapter ${directory} updates ${shownNames(adapted)}, but neither the adapter nor the model holds their own weights: they were newly initialized when the model was loaded. ` +
      "Load the base that the adapter was trained on, or train the adapter again: training saves them with it.",
    { details: { newlyInitialized: adapted } },
  );
}

/**
 * The subfolder with the adapter's name, where peft's `save_pretrained` puts named adapters, or else the folder itself.
 */
async function folderOf(directory: string, name: string): Promise<string> {
  const inside = join(directory, name);
  return name !== DEFAULT_NAME && (await exists(join(inside, "adapter_config.json"))) ? inside : directory;
}

/** Start of the message for an adapter that does not fit its model. */
function misfit(path: string, baseModel: string | undefined): string {
  return `The adapter ${shownPath(path)} does not fit the model${baseModel === undefined ? "" : `; it was trained on ${shownNames([baseModel])}`}`;
}

/**
 * Compares the file's names and shapes with the plan.
 *
 * @param options.absent - names that the file may lack
 * @param options.ignored - further names that it may hold
 */
function checkWeights(
  file: Checkpoint,
  options: {
    plan: AdapterPlan;
    baseModel: string | undefined;
    absent: ReadonlySet<string>;
    ignored: ReadonlySet<string>;
  },
): void {
  const { plan, baseModel, absent, ignored } = options;
  const expected = new Map(expectedWeights(plan).map(({ name, shape }) => [name, shape]));
  const problems = new Problems(misfit(file.path, baseModel));
  for (const [name, shape] of expected) {
    const found = file.entries.get(name)?.shape;
    problems.expect(found !== undefined || absent.has(name), `"${name}" of shape [${shape.join(", ")}] is missing`);
    if (found !== undefined)
      problems.expect(
        found.join() === shape.join(),
        `the shape of "${name}" must be [${shape.join(", ")}]; got [${found.join(", ")}]`,
      );
  }
  for (const name of file.entries.keys())
    problems.expect(
      expected.has(name) || ignored.has(name) || isDouble(name, plan),
      `${shownValue(name)} is unexpected`,
    );
  problems.throwIfAny("bad-input");
}

/**
 * With `bias: "all"`, peft writes the biases of fully trained modules twice more: the trained ones under
 * `modules_to_save`, and the initial ones under `original_module`. Earlier versions did so with every weight that has
 * "bias" in its name.
 */
function isDouble(name: string, { config, savedModules }: AdapterPlan): boolean {
  return (
    config.bias === "all" &&
    name.includes("bias") &&
    savedModules.some((module) =>
      ["modules_to_save", "original_module"].some((part) => name.startsWith(`${PEFT_PREFIX}${module}.${part}.`)),
    )
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
