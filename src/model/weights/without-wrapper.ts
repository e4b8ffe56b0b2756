import { ARCHITECTURES } from "../architectures/index";
import type { TensorEntry } from "./tensor-entry";
import type { Checkpoint } from "./weight-files";

const INNER = [...ARCHITECTURES.map(({ names }) => names.prefix), "classifier.", "pre_classifier."];

/** Prefixes that training programs put before every name: PyTorch's DataParallel, and Lightning around an encoder. */
const WRAPPER = new RegExp(`^(module\\.|model\\.(?=${INNER.join("|").replaceAll(".", "\\.")}))`);

/**
 * The same tensors without a wrapper's prefix, if every name begins with it: `module.bert.pooler.dense.weight` becomes
 * `bert.pooler.dense.weight`.
 */
export function withoutWrapper(file: Checkpoint): Checkpoint {
  const names = [...file.entries.keys()];
  const [prefix = ""] = WRAPPER.exec(names[0] ?? "") ?? [];
  if (prefix === "" || !names.every((name) => WRAPPER.exec(name)?.[0] === prefix)) return file;
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of file.entries) {
    const inner = name.slice(prefix.length);
    entries.set(inner, { ...entry, name: inner });
  }
  return {
    path: file.path,
    entries,
    notice: file.notice,
    readFloats: (name) => file.readFloats(`${prefix}${name}`),
    close: () => file.close(),
    reopen: async () => withoutWrapper(await file.reopen()),
  };
}
