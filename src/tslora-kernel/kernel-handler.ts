import type { JsonRecord } from "../base/json";
import { describeName } from "./describe-name";
import type { Tslab, TslabExecutor, TslabHandler } from "./tslab";

/**
 * Answers requests that run no cell. tslab makes the answers; this adds the status that the protocol requires, also
 * after an error.
 */
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
      return orError(() => {
        const code = String(request.code);
        const text = describeName(code, toOffset(code, request.cursor_pos), (source, position) =>
          executor.inspect(source, position),
        );
        return {
          status: "ok",
          found: text !== undefined,
          data: text === undefined ? {} : { "text/plain": text },
          metadata: {},
        };
      });
    }

    override handleComplete(request: JsonRecord): JsonRecord {
      return orError(() => {
        const code = String(request.code);
        const { start, end, candidates } = executor.complete(code, toOffset(code, request.cursor_pos));
        return {
          status: "ok",
          matches: [...new Set(candidates)],
          cursor_start: toCodePoints(code, start),
          cursor_end: toCodePoints(code, end),
          metadata: {},
        };
      });
    }

    override handleShutdown(request: JsonRecord): JsonRecord {
      return { status: "ok", restart: request.restart === true };
    }
  }
  return new Handler(executor, false);
}

/** Converts a position: Jupyter counts code points, JavaScript UTF-16 units. */
function toOffset(code: string, position: unknown): number {
  return [...code].slice(0, typeof position === "number" ? position : undefined).join("").length;
}

function toCodePoints(code: string, offset: number): number {
  return [...code.slice(0, offset)].length;
}

function orError(answer: () => JsonRecord): JsonRecord {
  try {
    return answer();
  } catch (error) {
    return {
      status: "error",
      ename: "Error",
      evalue: error instanceof Error ? error.message : String(error),
      traceback: [],
    };
  }
}
