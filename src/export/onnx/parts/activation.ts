import type { Activation } from "../../../model/encoder-structure";
import type { Value } from "../graph-builder";
import type { GraphContext } from "./graph-parts";

/** An activation function of x. */
export function activation({ builder }: GraphContext, x: Value, kind: Activation): Value {
  const node = builder.node.bind(builder);
  const half = builder.float(0.5);
  const one = builder.float(1);
  switch (kind) {
    case "gelu": // x (1 + erf(x / sqrt(2))) / 2, in the order that onnxruntime fuses
      return node("Mul", [
        node("Mul", [x, node("Add", [node("Erf", [node("Div", [x, builder.float(Math.SQRT2)])]), one])]),
        half,
      ]);
    case "gelu-tanh": {
      const cubed = node("Mul", [node("Mul", [x, x]), node("Mul", [x, builder.float(0.044715)])]);
      const inner = node("Mul", [node("Add", [x, cubed]), builder.float(Math.sqrt(2 / Math.PI))]);
      return node("Mul", [node("Mul", [x, node("Add", [node("Tanh", [inner]), one])]), half]);
    }
    case "silu":
      return node("Mul", [x, node("Sigmoid", [x])]);
    case "relu":
      return node("Relu", [x]);
    case "tanh":
      return node("Tanh", [x]);
  }
}
