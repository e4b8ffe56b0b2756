#include <algorithm>
#include <iterator>

#include "../parallel.h"
#include "bf16_methods.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {
namespace {

// Rows of a packed matrix in bfloat16: pairs.
int64_t bf16_rows(int64_t depth) { return pieces(depth, BF16_DEPTH) * BF16_DEPTH / 2; }

// Reads a product's inputs in order, and records whether all shapes fit.
class ProductInputs {
 public:
  ProductInputs(Call& call, int64_t columns) : call_(call), rows_(rows_of(call.input(0))), columns_(columns) {}

  int64_t rows() const { return rows_; }
  bool fit() const { return fit_; }

  // The next x and w, in bfloat16 or not. The second and third pair may be scalars, which mark factors that are not
  // given.
  Factors factors(bool bf16) {
    const bool first = next_ == 0;
    TF_Tensor* x = call_.input(next_++);
    TF_Tensor* w = call_.input(next_++);
    const int64_t depth = columns_of(x), panel = choose_kernels().panel;
    if (!first && TF_NumDims(x) == 0 && TF_NumDims(w) == 0)
      return {.x = nullptr, .w = nullptr, .depth = 0, .bf16 = false};
    fit_ = fit_ && has_axes(x, 2) && depth > 0 && rows_of(x) == rows_ &&
           has_shape(w, {pieces(columns_, panel), bf16 ? bf16_rows(depth) : depth, panel});
    return {.x = floats(x), .w = floats(w), .depth = depth, .bf16 = bf16};
  }

  // The next input, which may be a scalar: null.
  const float* optional(std::initializer_list<int64_t> shape) {
    TF_Tensor* tensor = call_.input(next_++);
    if (TF_NumDims(tensor) == 0) return nullptr;
    fit_ = fit_ && has_shape(tensor, shape);
    return floats(tensor);
  }

 private:
  Call& call_;
  const int64_t rows_, columns_;
  int next_ = 0;
  bool fit_ = true;
};

// Computes a product in blocks. Each thread gets the same number of blocks of rows. Blocks of columns are wide if every
// block copies its rows, and narrow if there would be few blocks.
void compute_blocks(const Product& product, int64_t rows) {
  const int64_t threads = parallel_threads(), columns = product.columns;
  const int64_t blocks = pieces(rows, threads * PRODUCT_ROWS) * threads;
  const bool copies = std::any_of(std::begin(product.factors), std::end(product.factors), [](const Factors& factors) {
    return factors.depth > 0 && product_copies(factors.depth);
  });
  const int64_t wide = (copies ? 8 : 4) * PANELS;
  const int64_t width = blocks * pieces(columns, wide) < 16 ? PANELS : wide;
  const int64_t across = pieces(columns, width);
  parallel_parts(blocks * across, [&](int64_t part) {
    const int64_t block = part / across, column = part % across * width;
    choose_kernels().product(product, rows * block / blocks, rows * (block + 1) / blocks, column,
                             std::min(columns, column + width));
  });
}

}  // namespace

// w [depth, columns], or its transpose -> packed [panels, depth, panel]; in bfloat16 with a row for each pair of rows.
void PackOp::compute(Call& call) const {
  TF_Tensor* w = call.input(0);
  if (!call.expect(has_axes(w, 2) && size_of(w) > 0, "TsloraPack: w must be a matrix that is not empty")) return;
  const int64_t depth = TF_Dim(w, transpose ? 1 : 0), columns = TF_Dim(w, transpose ? 0 : 1),
                panel = choose_kernels().panel;
  const int64_t panels = pieces(columns, panel);
  TF_Tensor* packed = call.output(0, {panels, bf16 ? bf16_rows(depth) : depth, panel});
  if (!call.ok()) return;
  const auto pack = bf16 ? choose_kernels().bf16_pack_columns : choose_kernels().pack_columns;
  parallel_rows(panels, depth * panel, [&](int64_t begin, int64_t end) {
    pack(floats(w), transpose ? 1 : columns, transpose ? depth : 1, depth, columns, floats(packed), begin, end);
  });
}

// Three pairs of x [rows, depth] and packed w, each pair with its own depth; a bias; four addends; a factor -> y [rows,
// columns] and the activation's derivative (one number if not requested). A scalar marks an input that is not given;
// the first pair must be given.
void ProductOp::compute(Call& call) const {
  if (!call.expect(columns > 0, "columns must be at least 1")) return;
  ProductInputs inputs(call, columns);
  const int64_t rows = inputs.rows();
  Product product{};
  for (int i = 0; i < MOST_FACTORS; ++i) product.factors[i] = inputs.factors((bf16 >> i & 1) != 0);
  if (!call.expect(method >= 0 && method < 4 && (bf16_methods() >> method & 1) != 0,
                   "bf16_method must be one that TsloraBf16Methods names") ||
      !call.expect(bf16 >= 0 && bf16 < 1 << MOST_FACTORS, "bf16 must name pairs, as a sum of 2^index"))
    return;
  product.columns = columns;
  product.method = Bf16Method(method);
  product.bias = inputs.optional({columns});
  for (const float*& part : product.plus) part = inputs.optional({rows, columns});
  product.times = inputs.optional({rows, columns});
  if (activation != 0 && !expect_activation(call, activation)) return;
  product.activation = Activation(activation);
  if (!call.expect(activation != 0 || !derivative, "TsloraProduct: a derivative must come with an activation")) return;
  if (!call.expect(inputs.fit(),
                   "TsloraProduct: x must be [rows, depth], w [depth, columns] packed, the bias [columns], and all "
                   "else [rows, columns]"))
    return;
  TF_Tensor* y = call.output(0, {rows, columns});
  product.derivative = call.optional_output(1, derivative, {rows, columns});
  if (!call.ok()) return;
  product.y = floats(y);
  if (rows > 0) compute_blocks(product, rows);
}

}  // namespace tslora
