#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {
namespace {

constexpr int64_t COST = 8;  // of an activation, in numbers

// Whether x is [rows, 2 columns] with columns above 0.
bool has_halves(const TF_Tensor* x) { return has_axes(x, 2) && TF_Dim(x, 1) > 0 && TF_Dim(x, 1) % 2 == 0; }

}  // namespace

// x [...] -> y and the derivative (one number if not requested), both of x's shape.
void GeluOp::compute(Call& call) const {
  if (!expect_activation(call, activation)) return;
  TF_Tensor* x = call.input(0);
  TF_Tensor* y = call.output(0, shape_of(x));
  float* slope = call.optional_output(1, derivative, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(size_of(x), COST, [&](int64_t begin, int64_t end) {
    choose_kernels().activate(Activation(activation), floats(x), floats(y), slope, begin, end);
  });
}

// x [rows, 2 columns] -> y [rows, columns].
void GatedOp::compute(Call& call) const {
  if (!expect_activation(call, activation)) return;
  TF_Tensor* x = call.input(0);
  if (!call.expect(has_halves(x), "TsloraGated: x must be [rows, 2 columns]")) return;
  const int64_t columns = TF_Dim(x, 1) / 2;
  TF_Tensor* y = call.output(0, {TF_Dim(x, 0), columns});
  if (!call.ok()) return;
  parallel_rows(TF_Dim(x, 0), COST * columns, [&](int64_t begin, int64_t end) {
    choose_kernels().gated(Activation(activation), floats(x), floats(y), columns, begin, end);
  });
}

// dy [rows, columns], x [rows, 2 columns] -> dx of x's shape.
void GatedBackwardOp::compute(Call& call) const {
  if (!expect_activation(call, activation)) return;
  TF_Tensor* dy = call.input(0);
  TF_Tensor* x = call.input(1);
  if (!call.expect(has_halves(x) && has_shape(dy, {TF_Dim(x, 0), TF_Dim(x, 1) / 2}),
                   "TsloraGatedBackward: dy must be [rows, columns] and x [rows, 2 columns]"))
    return;
  const int64_t columns = TF_Dim(dy, 1);
  TF_Tensor* dx = call.output(0, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(TF_Dim(x, 0), COST * columns, [&](int64_t begin, int64_t end) {
    choose_kernels().gated_backward(Activation(activation), floats(dy), floats(x), floats(dx), columns, begin, end);
  });
}

}  // namespace tslora
