#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// x [..., columns], seed [2] -> y of x's shape.
void DropoutOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TF_Tensor* x = call.input(0);
  const Drop drop = read_drop(call, rate, call.input(1));
  TF_Tensor* y = call.output(0, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(rows_of(x), columns_of(x), [&](int64_t begin, int64_t end) {
    choose_kernels().dropout(floats(x), drop, floats(y), columns_of(x), begin, end);
  });
}

// shape [axes], seed [2] -> the mask, of that shape.
void KeepMaskOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TF_Tensor* shape = call.input(0);
  const Drop drop = read_drop(call, rate, call.input(1));
  if (!call.expect(has_axes(shape, 1) && size_of(shape) <= static_cast<int64_t>(MOST_AXES),
                   "TsloraKeepMask: shape must be [axes], with at most 8 axes"))
    return;
  TF_Tensor* y = call.output(0, std::vector<int64_t>(ints(shape), ints(shape) + size_of(shape)));
  if (!call.ok()) return;
  parallel_rows(rows_of(y), columns_of(y), [&](int64_t begin, int64_t end) {
    choose_kernels().keep_mask(drop, floats(y), columns_of(y), begin, end);
  });
}

}  // namespace tslora
