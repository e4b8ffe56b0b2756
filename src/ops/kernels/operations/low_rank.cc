#include <atomic>

#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// x [rows, columns], a [rank, columns], seed -> low [rows, rank].
void LowerOp::compute(Call& call) const {
  if (!call.expect_rate(rate) || !call.expect_scale(scale)) return;
  TF_Tensor* x = call.input(0);
  TF_Tensor* a = call.input(1);
  const Drop drop = read_drop(call, rate, call.input(2));
  const int64_t rank = rows_of(a), columns = columns_of(x);
  if (!call.expect(has_axes(x, 2) && has_axes(a, 2) && columns > 0 && columns_of(a) == columns && rank > 0,
                   "TsloraLower: x must be [rows, columns] and a [rank, columns], with columns and rank above 0"))
    return;
  TF_Tensor* low = call.output(0, {rows_of(x), rank});
  if (!call.ok()) return;
  std::atomic<bool> failed{false};
  parallel_rows(rows_of(x), columns * (rank + 4), [&](int64_t begin, int64_t end) {
    float* scratch = scratch_of(columns);
    if (scratch == nullptr)
      failed = true;
    else
      choose_kernels().lower(floats(x), floats(a), scale, drop, floats(low), rank, columns, begin, end, scratch);
  });
  if (failed) call.out_of_memory();
}

// d_low [rows, rank], x [rows, columns], seed -> da [rank, columns].
void LowerGradientOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TF_Tensor* d_low = call.input(0);
  TF_Tensor* x = call.input(1);
  const Drop drop = read_drop(call, rate, call.input(2));
  const int64_t rank = columns_of(d_low), rows = rows_of(x), columns = columns_of(x), drawn = choose_kernels().drawn;
  if (!call.expect(
          has_axes(d_low, 2) && has_axes(x, 2) && rows_of(d_low) == rows && rows > 0 && rank > 0 && columns > 0,
          "TsloraLowerGradient: d_low must be [rows, rank] and x [rows, columns], neither of them empty"))
    return;
  TF_Tensor* da = call.output(0, {rank, columns});
  if (!call.ok()) return;
  parallel_rows(pieces(columns, drawn), rows * drawn * (rank + 4), [&](int64_t begin, int64_t end) {
    choose_kernels().lower_gradient(floats(d_low), floats(x), drop, floats(da), rank, rows, columns, begin, end);
  });
}

// d_low [rows, rank], a [rank, columns], seed -> dx [rows, columns].
void LowerBackwardOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TF_Tensor* d_low = call.input(0);
  TF_Tensor* a = call.input(1);
  const Drop drop = read_drop(call, rate, call.input(2));
  const int64_t rank = columns_of(d_low), columns = columns_of(a);
  if (!call.expect(
          has_axes(d_low, 2) && has_axes(a, 2) && rank > 0 && columns > 0 && rows_of(a) == rank,
          "TsloraLowerBackward: d_low must be [rows, rank] and a [rank, columns], with rank and columns above 0"))
    return;
  TF_Tensor* dx = call.output(0, {rows_of(d_low), columns});
  if (!call.ok()) return;
  parallel_rows(rows_of(d_low), columns * (rank + 4), [&](int64_t begin, int64_t end) {
    choose_kernels().lower_backward(floats(d_low), floats(a), drop, floats(dx), rank, columns, begin, end);
  });
}

}  // namespace tslora
