import { join } from "node:path";

import type { Random } from "../../../src/base/random";
import type { SequenceClassifier } from "../../../src/classifier/sequence-classifier";
import type { Ops } from "../../../src/ops/ops";
import { sharedOps } from "../../../src/ops/shared-ops";
import type { LoraConfig } from "../../../src/lora/lora-config";
import { readPeftConfig } from "../../../src/lora/peft-config";
import { NOTHING } from "../../ops/expect-within";
import type { Bounded } from "../../ops/bounded-tensor";
import { sampleRounding } from "../../ops/sample-rounding";
import { typeOf } from "../architectures";
import type { Measure, ParityContext, ParityLine } from "../parity-line";
import {
  fixturesOf,
  logitsOf,
  moveWeights,
  openBase,
  peftArguments,
  randomConfig,
  randomDocuments,
  writeBase,
  type Documents,
} from "../random-adapters";

/** An adapter, or a merged model, that we wrote, and what it gives here. */
interface Written {
  readonly type: string;
  readonly what: "adapter" | "combined adapter" | "merged model";
  readonly base: string;
  readonly directory: string;
  readonly documents: Documents;
  readonly logits: readonly number[];
  readonly parameters?: readonly number[];
  readonly about: string;
}

/** Adapters that peft is to make, by name, on one base. */
interface Wanted {
  readonly type: string;
  readonly base: string;
  readonly directory: string;
  readonly documents: Documents;
  readonly seed: number;
  readonly adapters: readonly { readonly name: string; readonly options: Record<string, unknown> }[];
  readonly combinations: readonly {
    readonly name: string;
    readonly adapters: readonly string[];
    readonly weights: readonly number[];
    readonly combinationType: "linear" | "cat" | "svd";
    readonly svdRank?: number;
  }[];
  readonly about: string;
}

interface Answer {
  readonly written: readonly { readonly logits: readonly number[]; readonly parameters?: readonly number[] }[];
  /** By case, then by name: logits, and how many weights are trained and there. */
  readonly wanted: readonly Readonly<
    Record<string, { readonly logits: readonly number[]; readonly parameters?: readonly number[] }>
  >[];
}

export const line: ParityLine = {
  title: "adapters exchanged",
  against: "peft, transformers",
  async run(context) {
    const { random, python, cases, note } = context;
    const ops = sharedOps();
    const written: Written[] = [];
    const fixtures = fixturesOf(context.types);
    const each = cases(4) * fixtures.length;
    for (let i = 0; i < each; i++) written.push(...(await writeOne(i, { ...context, ops })));
    const wanted: Wanted[] = [];
    for (let i = 0; i < each; i++)
      wanted.push(
        await wantOne(`peft-${i}`, i % 5 === 4 ? "named" : "one", {
          ...context,
          ops,
          fixture: fixtures[i % fixtures.length],
        }),
      );
    for (let i = 0; i < cases(15); i++) {
      const fixture = fixtures[random.below(fixtures.length)];
      wanted.push(await wantOne(`weighted-${i}`, "weighted", { ...context, ops, fixture }));
    }
    note(`${written.length} folders written here; now in Python, which writes ${wanted.length}`);
    const answer = (await python({ written, wanted })) as Answer;
    note("read here");
    const found = { shares: new Measures({ bound: 1 }), counts: new Measures({ bound: 0 }) };
    await compareWritten(written, answer.written, found);
    await compareWanted(wanted, answer.wanted, { ...found, ops });
    return [...found.shares.taken(), ...found.counts.taken()];
  },
};

type Room = Pick<ParityContext, "random" | "folder" | "types"> & { readonly ops: Ops };

/** A random adapter of ours, saved; every second one merged too, and every third combined with another. */
async function writeOne(i: number, { random, folder, types, ops }: Room): Promise<Written[]> {
  const fixtures = fixturesOf(types);
  const kind = fixtures[i % fixtures.length];
  const lacking = i % 4 === 1;
  const base = await writeBase(kind, { random, folder: join(folder, `base-${i}`), lacking });
  const classifier = await openBase(base, ops, i);
  const isCombined = i % 3 === 2;
  const config = isCombined ? plain(classifier, random) : randomConfig(classifier.model, random);
  const name = i % 4 === 3 ? `named-${i}` : "default";
  const adapter = classifier.addAdapter(config, { name });
  await moveWeights(adapter.parameters(), { random, ops, by: 0.15 });
  const documents = randomDocuments(random);
  const about = `${kind}${lacking ? ` without ${classifier.newlyInitialized.join(", ")}` : ""} ${JSON.stringify(config)}`;
  const written: Written[] = [];
  const write = async (what: Written["what"], directory: string): Promise<void> => {
    const { trainable, all } = classifier.countParameters();
    written.push({
      type: typeOf(kind),
      what,
      base,
      directory,
      documents,
      logits: await logitsOf(classifier.model, documents),
      ...(what === "adapter" ? { parameters: [trainable, all] } : {}),
      about,
    });
  };
  await write("adapter", (await classifier.saveAdapter(join(folder, `ours-${i}`))).directory);
  if (i % 2 === 0) {
    await classifier.mergeAdapter();
    await classifier.saveModel(join(folder, `merged-${i}`));
    await write("merged model", join(folder, `merged-${i}`));
    classifier.unmergeAdapter();
  }
  if (isCombined) {
    const other = classifier.addAdapter(
      {
        ...plain(classifier, random),
        r: config.r,
        targetModules: config.targetModules,
        rankPattern: config.rankPattern,
      },
      { name: "other" },
    );
    await moveWeights(other.parameters(), { random, ops, by: 0.15 });
    const combinationType = (["linear", "cat", "svd"] as const)[random.below(3)];
    await classifier.addWeightedAdapter({
      adapters: [name, "other"],
      weights: [random.normal(), random.normal()],
      name: "both",
      combinationType,
      head: "other",
    });
    classifier.setAdapter("both");
    await write("combined adapter", (await classifier.saveAdapter(join(folder, `combined-${i}`))).directory);
  }
  classifier.dispose();
  return written;
}

/** A configuration that can be combined with others. */
function plain(classifier: SequenceClassifier, random: Random): LoraConfig {
  const config = randomConfig(classifier.model, random, { bias: false, takesOff: false, modulesToSave: false });
  const { targetModules } = config;
  const none = {
    excludeModules: undefined,
    layersToTransform: undefined,
    useDora: undefined,
    rankPattern: undefined,
    alphaPattern: undefined,
  };
  return { ...config, ...none, targetModules: Array.isArray(targetModules) ? targetModules : "all-linear" };
}

/** Asks peft for one adapter, two of which one is named, or some without heads and their combinations. */
async function wantOne(
  label: string,
  shape: "one" | "named" | "weighted",
  { random, folder, ops, fixture: kind }: Room & { readonly fixture: string },
): Promise<Wanted> {
  const base = await writeBase(kind, { random, folder: join(folder, `base-${label}`) });
  const classifier = await openBase(base, ops, 0);
  const { model } = classifier;
  const names = shape === "one" ? ["default"] : shape === "named" ? ["default", "second"] : ["left", "right"];
  const first = plain(classifier, random);
  const configs = names.map((_, i) =>
    shape === "weighted"
      ? // peft 0.21 scales a combination wrongly if its first adapter has rsLoRA
        { ...plain(classifier, random), r: first.r, useRslora: i > 0 && random.uniform() < 0.5 }
      : randomConfig(model, random, shape === "one" ? {} : { bias: false, takesOff: false, modulesToSave: false }),
  ); // peft has no two such adapters on a model
  const adapters = configs.map((config, i) => ({
    name: names[i],
    options: { ...peftArguments(model, config), ...(shape === "weighted" ? { task_type: null } : {}) },
  }));
  const weights = (): number[] => names.map(() => random.normal());
  const combinations =
    shape === "weighted"
      ? (["linear", "cat", "svd", "svd"] as const).map((combinationType, i) => ({
          name: `both${i}`,
          adapters: names,
          weights: weights(),
          combinationType,
          ...(i === 3 ? { svdRank: 1 + random.below(6) } : {}),
        }))
      : [];
  classifier.dispose();
  return {
    type: typeOf(kind),
    base,
    directory: join(folder, label),
    documents: randomDocuments(random),
    seed: random.below(2 ** 30),
    adapters,
    combinations,
    about: `${kind} ${JSON.stringify(configs)}`,
  };
}

/**
 * A folder's logits in double precision, with bounds on what 32-bit rounding makes of them: DoRA's norms and rsLoRA's
 * scaling make some adapters' far wider than others'.
 */
async function referenceLogits({
  base,
  directory,
  name,
  documents,
}: {
  base: string;
  directory?: string;
  name?: string;
  documents: Documents;
}): Promise<Bounded> {
  return boundedLogits(base, documents, async (classifier) => {
    if (directory !== undefined) await classifier.loadAdapter(directory, { name });
  });
}

/** The same of a combination: where two singular values are nearly equal, rounding turns their vectors. */
function referenceCombination(
  { base, directory, documents, adapters }: Wanted,
  combination: Wanted["combinations"][number],
): Promise<Bounded> {
  return boundedLogits(base, documents, async (classifier) => {
    for (const { name } of adapters) await classifier.loadAdapter(directory, { name });
    await classifier.addWeightedAdapter(combination);
    classifier.setAdapter(combination.name);
  });
}

async function boundedLogits(
  base: string,
  documents: Documents,
  prepare: (classifier: SequenceClassifier) => Promise<void>,
): Promise<Bounded> {
  const sampled = await sampleRounding(async (ops) => {
    const classifier = await openBase(base, ops, 0);
    await prepare(classifier);
    const logits = await logitsOf(classifier.model, documents);
    classifier.dispose();
    return new Map([["logits", logits]]);
  });
  return sampled.get("logits") ?? NOTHING;
}

/** Largest distance of logits from the exact ones, as a share of the bound: above 1 is no rounding. */
function shareOfBound({ values, bounds }: Bounded, ...found: readonly (readonly number[])[]): number {
  return Math.max(
    ...found.map((logits) =>
      logits.length === values.length
        ? Math.max(
            ...logits.map((logit, i) => Math.abs(logit - values[i]) / (bounds[i] + 2 ** -23 * Math.abs(values[i]))),
          )
        : Infinity,
    ),
  );
}

const SHARE = "logits, as shares of the bound on rounding";

async function compareWritten(
  written: readonly Written[],
  theirs: Answer["written"],
  { shares, counts }: Found,
): Promise<void> {
  for (const [i, mine] of written.entries()) {
    const exact = await referenceLogits(
      mine.what === "merged model" ? { base: mine.directory, documents: mine.documents } : mine,
    );
    shares.take(
      `${mine.what} of ours, here and in Python: ${SHARE}`,
      shareOfBound(exact, mine.logits, theirs[i].logits),
      mine,
    );
    if (mine.parameters === undefined) continue;
    const [ours, python] = [mine.parameters, theirs[i].parameters ?? []];
    counts.take("adapter of ours, in Python: counted weights", Number(ours.join() !== python.join()), {
      type: mine.type,
      about: `${ours.join(" of ")} and ${python.join(" of ")}: ${mine.about}`,
    });
  }
}

async function compareWanted(
  wanted: readonly Wanted[],
  theirs: Answer["wanted"],
  { shares, counts, ops }: Found & { readonly ops: Ops },
): Promise<void> {
  for (const [i, asked] of wanted.entries()) {
    const { type, base, directory, documents, adapters, combinations, about } = asked;
    const classifier = await openBase(base, ops, 0);
    for (const { name } of adapters) {
      await classifier.loadAdapter(directory, { name });
      classifier.setAdapter(name);
      const { logits, parameters } = theirs[i][name];
      const exact = await referenceLogits({ base, directory, name, documents });
      shares.take(
        adapters.length === 1
          ? `adapter of peft's, read here: ${SHARE}`
          : `named adapters of peft's in folders: ${SHARE}`,
        shareOfBound(exact, await logitsOf(classifier.model, documents), logits),
        { type, about: `${name} of ${about}` },
      );
      const { unknownKeys } = await readPeftConfig(
        join(directory, name === "default" ? "" : name, "adapter_config.json"),
      );
      counts.take("keys of peft's configurations that are not known", unknownKeys.length, { type, about });
      if (parameters === undefined) continue;
      const { trainable, all } = classifier.countParameters();
      counts.take(
        "adapter of peft's, read here: counted weights",
        Number(parameters.join() !== [trainable, all].join()),
        { type, about: `${[trainable, all].join(" of ")} and ${parameters.join(" of ")}: ${about}` },
      );
    }
    for (const combination of combinations) {
      if (theirs[i][combination.name] === undefined) continue; // peft found that it cannot be: a rank above a layer's size
      await classifier.addWeightedAdapter(combination);
      classifier.setAdapter(combination.name);
      const { logits } = theirs[i][combination.name];
      const exact = await referenceCombination(asked, combination);
      const share = shareOfBound(exact, await logitsOf(classifier.model, documents), logits);
      shares.take(`combined here as in peft: ${SHARE}`, share, {
        type,
        about: `${JSON.stringify(combination)} of ${about}`,
      });
    }
    classifier.dispose();
  }
}

/** Sums of both comparisons: logits as shares of their bounds, and things that must be identical. */
interface Found {
  readonly shares: Measures;
  readonly counts: Measures;
}

/** Measures by what is compared, over all model types, and one of everything for each type. */
class Measures {
  readonly #bound: number;
  readonly #taken = new Map<string, { -readonly [Key in keyof Measure]: Measure[Key] }>();

  constructor({ bound }: { bound: number }) {
    this.#bound = bound;
  }

  take(what: string, value: number, { type, about }: { type: string; about: string }): void {
    this.#take(what, value, { about });
    const all = this.#bound === 0 ? "counts and keys" : "logits, as shares of the bound";
    this.#take(`${all}, ${type}`, value, { type, about });
  }

  taken(): Measure[] {
    return [...this.#taken.values()];
  }

  #take(what: string, value: number, { type, about }: { type?: string; about: string }): void {
    const known = this.#taken.get(what) ?? { type, what, cases: 0, largest: 0, bound: this.#bound, worst: "" };
    known.cases++;
    if (this.#bound === 0) Object.assign(known, value === 0 ? {} : { largest: known.largest + value, worst: about });
    else if (!(value <= known.largest)) Object.assign(known, { largest: value, worst: about });
    this.#taken.set(what, known);
  }
}
