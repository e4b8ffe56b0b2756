import { graphOps } from "./graph-ops";
import { kernelOps } from "./kernel-ops";
import { loadTensorFlow } from "./load-tensorflow";
import type { Ops } from "./ops";
import { tensorflowOps } from "./tensorflow-ops";

const shared = new Map<boolean, Ops>();

/**
 * The process's ops, made at first use: loading TensorFlow takes a moment.
 *
 * @param options.graph - whether operations are recorded and run together. @default true on a GPU, false on the
 *   processor, which then has tslora's kernels
 */
export function sharedOps({ graph = loadTensorFlow().usesGpu }: { graph?: boolean | undefined } = {}): Ops {
  const ops = shared.get(graph) ?? makeOps(graph);
  shared.set(graph, ops);
  return ops;
}

function makeOps(graph: boolean): Ops {
  if (graph) return graphOps();
  return loadTensorFlow().usesGpu ? tensorflowOps() : kernelOps();
}
