#include "heads.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// q [queries, width], k and v [keys, width], groups [groups, 4], seed -> y [queries, width].
void AttentionOp::compute(Call& call) const {
  if (!attributes.expect(call)) return;
  const AttentionInputs inputs{.q = call.input(0), .k = call.input(1), .v = call.input(2)};
  Groups groups;
  if (!read_groups(call, call.input(3), groups)) return;
  if (!call.expect(inputs.fit(groups, attributes),
                   "TsloraAttention: q, k and v must have the groups' rows, and heads must divide their columns"))
    return;
  const HeadWork work = list_heads(groups, attributes, -1);
  if (!call.expect(work.weights >= 0, "TsloraAttention: there must be at most 2^40 weights")) return;
  const Drop drop = read_drop(call, attributes.rate, call.input(4));
  const int64_t width = columns_of(inputs.q);
  TF_Tensor* y = call.output(0, shape_of(inputs.q));
  if (!call.ok()) return;
  const Attention attention{.q = floats(inputs.q),
                            .k = floats(inputs.k),
                            .v = floats(inputs.v),
                            .y = floats(y),
                            .width = width,
                            .head_dim = width / attributes.heads,
                            .scale = attributes.scale,
                            .drop = drop};
  each_unit(call, work.heads, attention, choose_kernels().attention_scratch(attention, groups.longest),
            choose_kernels().attention_forward);
}

// q, k, v, y, dy [queries, width], groups, seed -> dq, dk (one number if not requested), dv.
void AttentionBackwardOp::compute(Call& call) const {
  if (!attributes.expect(call)) return;
  const AttentionInputs inputs{.q = call.input(0), .k = call.input(1), .v = call.input(2)};
  TF_Tensor* y = call.input(3);
  TF_Tensor* dy = call.input(4);
  Groups groups;
  if (!read_groups(call, call.input(5), groups)) return;
  if (!call.expect(
          inputs.fit(groups, attributes) && shape_of(y) == shape_of(inputs.q) && shape_of(dy) == shape_of(inputs.q),
          "TsloraAttentionBackward: q, k, v, y and groups must be those of TsloraAttention, and dy must have y's "
          "shape"))
    return;
  const HeadWork work = list_heads(groups, attributes, -1);
  if (!call.expect(work.weights >= 0, "TsloraAttentionBackward: there must be at most 2^40 weights")) return;
  const Drop drop = read_drop(call, attributes.rate, call.input(6));
  const int64_t width = columns_of(inputs.q);
  TF_Tensor* dq = call.output(0, shape_of(inputs.q));
  float* dk = call.optional_output(1, needs_key, shape_of(inputs.k));
  TF_Tensor* dv = call.output(2, shape_of(inputs.v));
  if (!call.ok()) return;
  const Attention attention{.q = floats(inputs.q),
                            .k = floats(inputs.k),
                            .v = floats(inputs.v),
                            .y = floats(y),
                            .width = width,
                            .head_dim = width / attributes.heads,
                            .scale = attributes.scale,
                            .drop = drop,
                            .dy = floats(dy),
                            .dq = floats(dq),
                            .dk = dk,
                            .dv = floats(dv)};
  each_unit(call, work.heads, attention, choose_kernels().attention_scratch(attention, groups.longest),
            choose_kernels().attention_backward);
}

}  // namespace tslora
