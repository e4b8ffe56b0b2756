import type { FileHandle } from "node:fs/promises";

import type { Allowance } from "./allowance";
import type { TorchRefusals } from "./pickle-refusal";
import type { PickleValue } from "./torch-values";

/** An open file and its errors. */
export interface TorchSource {
  readonly handle: FileHandle;
  readonly size: number;
  readonly allowance: Allowance;
  readonly refusals: TorchRefusals;
}

/** The saved object, and where the numbers of its storages are. */
export interface TorchContent {
  readonly root: PickleValue;
  /** First byte of each storage in the file, by its key. */
  readonly positions: ReadonlyMap<string, number>;
  readonly byteOrder: "little" | "big";
}
