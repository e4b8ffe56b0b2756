// TensorFlow's operations around the kernels. Each reads its attributes once, when TensorFlow makes its kernel;
// compute() checks the inputs of one call and calls the kernels. register.cc gives them their names.
#ifndef TSLORA_OPERATIONS_H_
#define TSLORA_OPERATIONS_H_

#include <cstdint>

#include "call.h"

namespace tslora {

struct InstructionsOp {
  explicit InstructionsOp(Attributes&) {}
  void compute(Call& call) const;
};

// Whether an attribute names an activation other than none.
inline bool expect_activation(Call& call, int32_t activation) {
  return call.expect(
      activation >= static_cast<int32_t>(Activation::GELU) && activation <= static_cast<int32_t>(Activation::SILU),
      "activation must be 1 (GELU), 2 (GELU by tanh) or 3 (SiLU)");
}

struct GeluOp {
  int32_t activation;
  bool derivative;

  explicit GeluOp(Attributes& from) : activation(from.integer("activation")), derivative(from.flag("derivative")) {}
  void compute(Call& call) const;
};

struct GatedOp {
  int32_t activation;

  explicit GatedOp(Attributes& from) : activation(from.integer("activation")) {}
  void compute(Call& call) const;
};

struct GatedBackwardOp {
  int32_t activation;

  explicit GatedBackwardOp(Attributes& from) : activation(from.integer("activation")) {}
  void compute(Call& call) const;
};

struct RotaryOp {
  int32_t heads;
  bool inverse;

  explicit RotaryOp(Attributes& from) : heads(from.integer("heads")), inverse(from.flag("inverse")) {}
  void compute(Call& call) const;
};

struct LowerOp {
  float scale, rate;

  explicit LowerOp(Attributes& from) : scale(from.number("scale")), rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct LowerGradientOp {
  float rate;

  explicit LowerGradientOp(Attributes& from) : rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct LowerBackwardOp {
  float rate;

  explicit LowerBackwardOp(Attributes& from) : rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct PackOp {
  bool transpose, bf16;

  explicit PackOp(Attributes& from) : transpose(from.flag("transpose")), bf16(from.flag("bf16")) {}
  void compute(Call& call) const;
};

struct ProductOp {
  int32_t columns, activation;  // activation 0: none
  bool derivative;
  int32_t bf16, method;  // the pairs in bfloat16, as a sum of 2^index, and how they are multiplied

  explicit ProductOp(Attributes& from)
      : columns(from.integer("columns")),
        activation(from.integer("activation")),
        derivative(from.flag("derivative")),
        bf16(from.integer("bf16")),
        method(from.integer("bf16_method")) {}
  void compute(Call& call) const;
};

struct Bf16MethodsOp {
  explicit Bf16MethodsOp(Attributes&) {}
  void compute(Call& call) const;
};

struct Int8MethodsOp {
  explicit Int8MethodsOp(Attributes&) {}
  void compute(Call& call) const;
};

struct Int8QuantizeOp {
  int32_t method;

  explicit Int8QuantizeOp(Attributes& from) : method(from.integer("method")) {}
  void compute(Call& call) const;
};

struct Int8DequantizeOp {
  int32_t method, depth;

  explicit Int8DequantizeOp(Attributes& from) : method(from.integer("method")), depth(from.integer("depth")) {}
  void compute(Call& call) const;
};

struct Int8ProductOp {
  int32_t method, activation;  // activation 0: none

  explicit Int8ProductOp(Attributes& from) : method(from.integer("method")), activation(from.integer("activation")) {}
  void compute(Call& call) const;
};

struct BatchedProductOp {
  bool transpose_a, transpose_b;

  explicit BatchedProductOp(Attributes& from)
      : transpose_a(from.flag("transpose_a")), transpose_b(from.flag("transpose_b")) {}
  void compute(Call& call) const;
};

struct DropoutOp {
  float rate;

  explicit DropoutOp(Attributes& from) : rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct KeepMaskOp {
  float rate;

  explicit KeepMaskOp(Attributes& from) : rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct ResidualNormOp {
  float rate, epsilon;

  explicit ResidualNormOp(Attributes& from) : rate(from.number("rate")), epsilon(from.number("epsilon")) {}
  void compute(Call& call) const;
};

struct ResidualNormBackwardOp {
  float rate;

  explicit ResidualNormBackwardOp(Attributes& from) : rate(from.number("rate")) {}
  void compute(Call& call) const;
};

struct PoolTokensOp {
  float rate;
  bool keep;

  explicit PoolTokensOp(Attributes& from) : rate(from.number("rate")), keep(from.flag("keep")) {}
  void compute(Call& call) const;
};

struct PoolTokensBackwardOp {
  float rate;
  bool needs_input;

  explicit PoolTokensBackwardOp(Attributes& from) : rate(from.number("rate")), needs_input(from.flag("needs_input")) {}
  void compute(Call& call) const;
};

// Attributes of attention in both directions.
struct AttentionAttributes {
  int32_t heads;
  float scale, rate;
  bool first_token;  // whether the queries are first tokens alone

  explicit AttentionAttributes(Attributes& from)
      : heads(from.integer("heads")),
        scale(from.number("scale")),
        rate(from.number("rate")),
        first_token(from.flag("first_token")) {}
  bool expect(Call& call) const {
    return call.expect_rate(rate) && call.expect_scale(scale) && call.expect_heads(heads);
  }
};

// Attributes of attention with a window or relative terms.
struct RelativeAttributes {
  AttentionAttributes attention;
  int32_t window;  // -1: none

  explicit RelativeAttributes(Attributes& from) : attention(from), window(from.integer("window")) {}
  bool expect(Call& call) const {
    return attention.expect(call) && call.expect(window >= -1, "window must be at least 0, or -1 for none");
  }
};

struct RelativeAttentionOp {
  RelativeAttributes attributes;
  bool keep;

  explicit RelativeAttentionOp(Attributes& from) : attributes(from), keep(from.flag("keep")) {}
  void compute(Call& call) const;
};

struct RelativeAttentionBackwardOp {
  RelativeAttributes attributes;
  bool needs_key, needs_bias, needs_positions;

  explicit RelativeAttentionBackwardOp(Attributes& from)
      : attributes(from),
        needs_key(from.flag("needs_key")),
        needs_bias(from.flag("needs_bias")),
        needs_positions(from.flag("needs_positions")) {}
  void compute(Call& call) const;
};

// Attributes of plain attention, whose softmax is of the scores' distances from the highest, times the scale.
struct PlainAttributes : AttentionAttributes {
  using AttentionAttributes::AttentionAttributes;
  bool expect(Call& call) const {
    return AttentionAttributes::expect(call) && call.expect(scale > 0, "scale must be above 0");
  }
};

struct AttentionOp {
  PlainAttributes attributes;

  explicit AttentionOp(Attributes& from) : attributes(from) {}
  void compute(Call& call) const;
};

struct AttentionBackwardOp {
  PlainAttributes attributes;
  bool needs_key;

  explicit AttentionBackwardOp(Attributes& from) : attributes(from), needs_key(from.flag("needs_key")) {}
  void compute(Call& call) const;
};

}  // namespace tslora

#endif  // TSLORA_OPERATIONS_H_
