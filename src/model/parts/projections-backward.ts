import type { AttentionGradients, AttentionLayout } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { Linear, type Through } from "./linear";
import type { BackwardPass } from "./pass";

/** The projections of an attention, each with its state, and the gradients of their results. */
export interface ProjectionGradients {
  readonly query: Pick<Through, "linear" | "saved">;
  readonly key: Pick<Through, "linear" | "saved">;
  readonly value: Pick<Through, "linear" | "saved">;
  /** dq [queries, width]; dk, if it was requested, and dv: [rows, width]. */
  readonly gradients: Pick<AttentionGradients, "dq" | "dk" | "dv">;
  readonly span: AttentionLayout["span"];
  /** Other gradients of the queries' input, added to it. */
  readonly plus: readonly Tensor[];
  readonly needsInput: boolean;
}

/**
 * The gradient of an attention's input through its projections. If every token is a query, it is one sum; otherwise the
 * part through the queries is separate. Adds the gradients of the projections' weights. Returns undefined if the
 * gradient of the input is not requested.
 */
export function projectionsBackward(
  pass: BackwardPass,
  from: ProjectionGradients,
): { dx: Tensor; dQueried?: Tensor } | undefined {
  const { query, key, value, gradients, span, plus, needsInput } = from;
  const { dq, dk, dv } = gradients;
  const onward = { plus };
  const inward = [...(dk === undefined ? [] : [{ ...key, dy: dk }]), { ...value, dy: dv }];
  if (span === "every-token") {
    const dx = Linear.backwardOfAll(pass, [{ ...query, dy: dq }, ...inward], { needsInput, onward });
    return dx && { dx };
  }
  const dQueried = query.linear.backward(pass, dq, { saved: query.saved, needsInput, onward });
  const dx = Linear.backwardOfAll(pass, inward, { needsInput });
  return dx && { dx, dQueried };
}
