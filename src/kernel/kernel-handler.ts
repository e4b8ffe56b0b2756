import type { JsonRecord } from "../notebook/json";
import type { Tslab, TslabExecutor, TslabHandler } from "./tslab";

/** tslab's answers to requests that run no cell, as the protocol has them: with a status, also where one fails. */
export function kernelHandler(tslab: Tslab, executor: TslabExecutor): TslabHandler {
  class Handler extends tslab.Handler {
    override handleKernel(): ReturnType<TslabHandler["handleKernel"]> {
      const info = super.handleKernel();
      return {
        status: "ok",
        ...info,
        banner: `TypeScript ${tslab.typescriptVersion}, by tslab through tslora`,
        language_info: { ...info.language_info, version: tslab.typescriptVersion },
        help_links: [],
      };
    }

    override handleInspect(request: JsonRecord): JsonRecord {
      return orError(() => super.handleInspect(request));
    }

    override handleComplete(request: JsonRecord): JsonRecord {
      return orError(() => super.handleComplete(request));
    }

    override handleShutdown(request: JsonRecord): JsonRecord {
      return { status: "ok", restart: request.restart === true };
    }
  }
  return new Handler(executor, false);
}

function orError(answer: () => JsonRecord): JsonRecord {
  try {
    return answer();
  } catch (error) {
    return { status: "error", ename: "Error", evalue: error instanceof Error ? error.message : String(error), traceback: [] };
  }
}
