#include <cmath>

#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// x, residual (or a scalar, if there is none), gamma, beta, seed -> y, normalized, inverse deviation [..., 1].
void ResidualNormOp::compute(Call& call) const {
  if (!call.expect_rate(rate) ||
      !call.expect(epsilon >= 0 && std::isfinite(epsilon), "epsilon must be a number of at least 0"))
    return;
  TF_Tensor* x = call.input(0);
  TF_Tensor* residual = call.input(1);
  TF_Tensor* gamma = call.input(2);
  TF_Tensor* beta = call.input(3);
  const Drop drop = read_drop(call, rate, call.input(4));
  const bool has_residual = TF_NumDims(residual) > 0;
  if (!call.expect(TF_NumDims(x) > 0 && columns_of(x) > 0 && (!has_residual || shape_of(residual) == shape_of(x)) &&
                       has_axes(gamma, 1) && has_axes(beta, 1) && size_of(gamma) == columns_of(x) &&
                       size_of(beta) == columns_of(x),
                   "TsloraResidualNorm: x and residual must be [..., columns], gamma and beta [columns]"))
    return;
  std::vector<int64_t> ones = shape_of(x);
  ones.back() = 1;
  TF_Tensor* y = call.output(0, shape_of(x));
  TF_Tensor* normalized = call.output(1, shape_of(x));
  TF_Tensor* inverse = call.output(2, ones);
  if (!call.ok()) return;
  parallel_rows(rows_of(x), columns_of(x) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm(floats(x), has_residual ? floats(residual) : nullptr, floats(gamma), floats(beta),
                                   epsilon, drop, floats(y), floats(normalized), floats(inverse), columns_of(x), begin,
                                   end);
  });
}

// dy, gamma, normalized, inverse deviation, seed -> ds, dx (one number without dropout).
void ResidualNormBackwardOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TF_Tensor* dy = call.input(0);
  TF_Tensor* gamma = call.input(1);
  TF_Tensor* normalized = call.input(2);
  TF_Tensor* inverse = call.input(3);
  const Drop drop = read_drop(call, rate, call.input(4));
  if (!call.expect(TF_NumDims(dy) > 0 && columns_of(dy) > 0 && shape_of(normalized) == shape_of(dy) &&
                       has_axes(gamma, 1) && size_of(gamma) == columns_of(dy) && columns_of(inverse) == 1 &&
                       TF_NumDims(inverse) == TF_NumDims(dy) && size_of(inverse) == rows_of(dy),
                   "TsloraResidualNormBackward: dy and normalized must be [..., columns], gamma [columns], and the "
                   "inverse deviation [..., 1]"))
    return;
  TF_Tensor* ds = call.output(0, shape_of(dy));
  float* dx = call.optional_output(1, drop.rate > 0, shape_of(dy));
  if (!call.ok()) return;
  parallel_rows(rows_of(dy), columns_of(dy) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm_backward(floats(dy), floats(gamma), floats(normalized), floats(inverse), drop,
                                            floats(ds), dx, columns_of(dy), begin, end);
  });
}

}  // namespace tslora
