#include <algorithm>

#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {

// a [..., rows, depth] and b [..., depth, columns], or their transposes -> c [..., rows, columns].
void BatchedProductOp::compute(Call& call) const {
  TF_Tensor* a = call.input(0);
  TF_Tensor* b = call.input(1);
  std::vector<int64_t> shape = shape_of(a), other = shape_of(b);
  const size_t axes = shape.size();
  bool fits = axes >= 2 && other.size() == axes && std::equal(shape.begin(), shape.end() - 2, other.begin());
  int64_t rows = 0, depth = 0, columns = 0;
  if (fits) {
    rows = shape[axes - (transpose_a ? 1 : 2)], depth = shape[axes - (transpose_a ? 2 : 1)];
    columns = other[axes - (transpose_b ? 2 : 1)];
    fits = depth > 0 && other[axes - (transpose_b ? 1 : 2)] == depth;
  }
  if (!call.expect(
          fits, "TsloraBatchedProduct: a must be [..., rows, depth] and b [..., depth, columns], of as many matrices"))
    return;
  shape[axes - 2] = rows, shape[axes - 1] = columns;
  TF_Tensor* c = call.output(0, shape);
  if (!call.ok() || size_of(c) == 0) return;
  const BatchedProduct product{.a = floats(a),
                               .b = floats(b),
                               .c = floats(c),
                               .rows = rows,
                               .depth = depth,
                               .columns = columns,
                               .transpose_a = transpose_a,
                               .transpose_b = transpose_b};
  const int64_t across = pieces(columns, PANELS), matrices = size_of(c) / (rows * columns);
  parallel_rows(matrices * across, depth * (rows + std::min(columns, PANELS)), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t column = part % across * PANELS;
      choose_kernels().batched_product(product, part / across, column, std::min(columns, column + PANELS));
    }
  });
}

}  // namespace tslora
