import type { TsloraErrorCode } from "../../../base/tslora-error";
import type { ShardChunk } from "./shard-chunk";

/** The reading thread's answer to a request for a chunk. */
export type ChunkMessage =
  | { readonly kind: "chunk"; readonly chunk: ShardChunk }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly code: TsloraErrorCode; readonly message: string };
