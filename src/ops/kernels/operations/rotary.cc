#include <algorithm>

#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// x [rows, width], positions [rows], cosine and sine [positions, head_dim / 2] -> y of x's shape.
void RotaryOp::compute(Call& call) const {
  if (!call.expect_heads(heads)) return;
  TF_Tensor* x = call.input(0);
  TF_Tensor* positions = call.input(1);
  TF_Tensor* cosine = call.input(2);
  TF_Tensor* sine = call.input(3);
  const bool fits_heads = has_axes(x, 2) && TF_Dim(x, 1) > 0 && TF_Dim(x, 1) % (2 * int64_t{heads}) == 0;
  const bool fits = fits_heads && has_shape(positions, {TF_Dim(x, 0)}) && has_axes(cosine, 2) &&
                    TF_Dim(cosine, 1) == TF_Dim(x, 1) / heads / 2 && shape_of(sine) == shape_of(cosine);
  if (!call.expect(
          fits,
          "TsloraRotary: x must be [rows, width], positions [rows], cosine and sine [positions, head_dim / 2], "
          "and heads must divide the width into even parts"))
    return;
  const int32_t* at = ints(positions);
  const int64_t most = TF_Dim(cosine, 0);
  if (!call.expect(std::all_of(at, at + size_of(positions), [&](int32_t row) { return row >= 0 && row < most; }),
                   "TsloraRotary: positions must be rows of cosine and sine"))
    return;
  TF_Tensor* y = call.output(0, shape_of(x));
  if (!call.ok()) return;
  const int64_t width = TF_Dim(x, 1);
  const Rotary rotary{.x = floats(x),
                      .positions = at,
                      .cosine = floats(cosine),
                      .sine = floats(sine),
                      .y = floats(y),
                      .width = width,
                      .head_dim = width / heads,
                      .inverse = inverse};
  parallel_rows(TF_Dim(x, 0), 2 * width,
                [&](int64_t begin, int64_t end) { choose_kernels().rotary(rotary, begin, end); });
}

}  // namespace tslora
