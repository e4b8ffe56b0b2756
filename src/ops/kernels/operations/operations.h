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

struct GeluOp {
  bool derivative;

  explicit GeluOp(Attributes& from) : derivative(from.flag("derivative")) {}
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
  bool transpose;

  explicit PackOp(Attributes& from) : transpose(from.flag("transpose")) {}
  void compute(Call& call) const;
};

struct ProductOp {
  int32_t columns;
  bool gelu, derivative;

  explicit ProductOp(Attributes& from)
      : columns(from.integer("columns")), gelu(from.flag("gelu")), derivative(from.flag("derivative")) {}
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

struct AttentionOp {
  AttentionAttributes attributes;
  bool keep;

  explicit AttentionOp(Attributes& from) : attributes(from), keep(from.flag("keep")) {}
  void compute(Call& call) const;
};

struct AttentionBackwardOp {
  AttentionAttributes attributes;
  bool needs_key;

  explicit AttentionBackwardOp(Attributes& from) : attributes(from), needs_key(from.flag("needs_key")) {}
  void compute(Call& call) const;
};

}  // namespace tslora

#endif  // TSLORA_OPERATIONS_H_
