import { scoreScale } from "../attention-reach";
import type { OpAttribute } from "../load-tensorflow";
import type { AttentionLayout, Drop } from "../ops";
import type { Tensor } from "../tensor";
import type { TensorflowSession } from "../tensorflow/session";

const NO_SEED = [0, 0];

/** One call of a kernel's operation. */
interface KernelCall {
  readonly attributes?: readonly OpAttribute[];
  /**
   * Returns tensors, TensorFlow ids, or undefined for an input that is not given. Tensors made in it are disposed of.
   */
  readonly inputs: () => (number | Tensor | undefined)[];
}

/** Calls the kernels' operations, with attributes and inputs in TensorFlow's form. */
export class KernelSession {
  readonly #session: TensorflowSession;

  constructor(session: TensorflowSession) {
    this.#session = session;
  }

  /** Runs an operation with one output. */
  one(op: string, call: KernelCall): Tensor {
    return this.run(op, { ...call, outputs: 1 }, ([y]) => y);
  }

  /**
   * Runs an operation, and disposes of the outputs that `result` does not return, such as those that were not
   * requested.
   */
  run<T>(op: string, call: KernelCall & { readonly outputs: number }, result: (outputs: Tensor[]) => T): T {
    const { attributes = [], inputs, outputs } = call;
    return this.#session.tensors.tidy(() => {
      const ids = inputs().map((input) => (typeof input === "number" ? input : this.#optional(input)));
      return result(this.#session.execute(op, attributes, ids, outputs));
    });
  }

  flag(name: string, value = false): OpAttribute {
    return { name, type: this.#session.binding.TF_ATTR_BOOL, value };
  }

  number(name: string, value: number): OpAttribute {
    return { name, type: this.#session.binding.TF_ATTR_FLOAT, value };
  }

  integer(name: string, value: number): OpAttribute {
    return { name, type: this.#session.binding.TF_ATTR_INT, value };
  }

  /** Dropout's rate; 0 if nothing is dropped. */
  rate(drop: Pick<Drop, "rate"> | undefined): OpAttribute {
    return this.number("rate", drop?.rate ?? 0);
  }

  /** Attributes of attention over q [queries, width]. */
  layout(layout: AttentionLayout, q: Tensor): OpAttribute[] {
    return [
      this.integer("heads", layout.heads),
      this.number("scale", scoreScale(layout, q.shape[1])),
      this.flag("first_token", layout.span === "first-token"),
    ];
  }

  /** Id of a shape. */
  sizes(shape: readonly number[]): number {
    return this.#session.integers(shape);
  }

  /** Id of a layout's groups [groups, 4]. The innermost scope owns the tensor. */
  groups({ groups }: AttentionLayout): number {
    const rows = groups.flatMap(({ row, document, documents, length }) => [row, document, documents, length]);
    return this.#session.idOf(this.#session.onHost(Int32Array.from(rows), [groups.length, 4]));
  }

  /** Id of the rows of relative positions, or of a scalar if there are none. The innermost scope owns a tensor. */
  positionIndex(index: Int32Array | undefined): number {
    return index === undefined
      ? this.#session.integer(0)
      : this.#session.idOf(this.#session.onHost(index, [index.length]));
  }

  /** Id of a draw's seed. The innermost scope owns the tensor; without dropout it is a cached one. */
  seed(drop: Pick<Drop, "seed"> | undefined): number {
    return drop === undefined
      ? this.#session.integers(NO_SEED)
      : this.#session.idOf(this.#session.onHost(Int32Array.from(drop.seed), [2]));
  }

  /** Id of a tensor, or of a scalar if it is not given. */
  #optional(tensor: Tensor | undefined): number {
    return this.#session.idOf(tensor ?? this.#session.scalar(0));
  }
}
