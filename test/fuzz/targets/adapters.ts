import assert from "node:assert/strict";
import { cp, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Random } from "../../../src/base/random";
import { AdapterSet } from "../../../src/lora/adapter-set";
import { loadAdapter } from "../../../src/lora/load-adapter";
import type { ClassificationModel } from "../../../src/model/classification-model";
import { goldenFolder, goldens, ops, predict, tinyModel } from "../../lora/tiny";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";
import { strictSafetensors } from "../strict-safetensors";

const NAMES = Object.entries(goldens.adapters).map(([name, { kind }]) => ({ name, kind }));

/** Models by kind, with their logits before any adapter. */
const models = new Map<string, { readonly model: ClassificationModel; readonly plain: string }>();

/** Adapter folders as peft writes them, put on a tiny model. */
export const adapters: FuzzTarget = {
  name: "adapters",
  async prepare() {
    for (const { name, kind } of NAMES) {
      const model = models.get(kind)?.model ?? (await tinyModel(kind));
      if (!models.has(kind)) models.set(kind, { model, plain: JSON.stringify(await predict(model, kind)) });
      // what the layers keep of their weights is made with the first adapter; tensors can be counted from here on
      const set = new AdapterSet(model, { seed: 1 });
      await loadAdapter(set, model, { directory: goldenFolder(name) });
      await predict(model, kind);
      set.dispose();
    }
  },
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const { name, kind } = NAMES[random.below(NAMES.length)];
    const held = models.get(kind);
    assert(held !== undefined);
    await cp(goldenFolder(name), folder, { recursive: true });
    const files = (await readdir(folder))
      .filter((file) => /^adapter_(config\.json|model\.safetensors)$/.test(file))
      .sort();
    const file = files[random.below(files.length)];
    const damage = await damageFile(join(folder, file), file.endsWith(".json") ? "json" : "safetensors", random);
    return {
      changes: [`${name}/`, ...damage.changes],
      mustRefuse:
        damage.mustRefuse ??
        (file.endsWith(".safetensors") ? await contradiction(goldenFolder(name), folder) : undefined),
      async read() {
        const { model, plain } = held;
        await predict(model, kind);
        const before = ops.alive();
        const set = new AdapterSet(model, { seed: 1 });
        try {
          await loadAdapter(set, model, { directory: folder });
          const logits = await predict(model, kind);
          if (!logits.flat().every(Number.isFinite)) return `logits ${JSON.stringify(logits)}`;
        } finally {
          set.dispose();
        }
        assert.equal(JSON.stringify(await predict(model, kind)), plain, "the model is not as it was");
        assert.equal(ops.alive(), before, "tensors are left behind");
        return undefined;
      },
    };
  },
  close() {
    for (const { model } of models.values()) model.dispose();
    models.clear();
  },
};

/** Compares the tensors' names and shapes with those of the undamaged adapter. */
async function contradiction(source: string, folder: string): Promise<string | undefined> {
  const isFile = (await stat(join(folder, "adapter_model.safetensors")).catch(() => undefined))?.isFile() === true;
  if (!isFile) return undefined;
  const [then, now] = await Promise.all(
    [source, folder].map(async (at) => strictSafetensors(await readFile(join(at, "adapter_model.safetensors")))),
  );
  if (then.kind !== "whole" || now.kind !== "whole") return undefined;
  const shapes = ({ tensors }: typeof then): string => [...tensors].map(([tensor, { shape }]) => `${tensor} [${shape.join()}]`).sort().join("\n"); // prettier-ignore
  return shapes(then) === shapes(now) ? undefined : "the tensors are not those of the configuration";
}
