import type { FuzzTarget } from "../fuzz-target";
import { adapters } from "./adapters";
import { checkpoints } from "./checkpoints";
import { corpora } from "./corpora";
import { models } from "./models";
import { notebooks } from "./notebooks";
import { sentencepieceModels, unigramTokenizers } from "./subword-tokenizers";
import { tokenizers } from "./tokenizers";
import { torchFiles } from "./torch-files";

/** Every kind of input that is damaged. */
export const targets: readonly FuzzTarget[] = [
  models,
  torchFiles,
  adapters,
  tokenizers,
  unigramTokenizers,
  sentencepieceModels,
  checkpoints,
  notebooks,
  corpora,
];
