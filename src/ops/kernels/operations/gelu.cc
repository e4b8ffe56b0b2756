#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// x [...] -> y and the derivative (one number if not requested), both of x's shape.
void GeluOp::compute(Call& call) const {
  TF_Tensor* x = call.input(0);
  TF_Tensor* y = call.output(0, shape_of(x));
  float* slope = call.optional_output(1, derivative, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(size_of(x), 8,
                [&](int64_t begin, int64_t end) { choose_kernels().gelu(floats(x), floats(y), slope, begin, end); });
}

}  // namespace tslora
