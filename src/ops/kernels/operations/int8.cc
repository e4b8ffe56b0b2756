#include <algorithm>
#include <atomic>

#include "../parallel.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {
namespace {

constexpr int64_t PARTS_A_THREAD = 4;  // so that a thread that starts late does not hold up the others

// The methods that are compiled in and that the processor and the system have, as a sum of 2^method.
int int8_methods() {
  static const int methods =
      choose_kernels().int8_methods() & ~(has_amx(Amx::INT8) ? 0 : 1 << static_cast<int>(Int8Method::BLOCKS));
  return methods;
}

bool expect_method(Call& call, int32_t method) {
  const int methods = int8_methods();
  return call.expect(method >= 0 && method < 8 && (methods >> method & 1) != 0,
                     "method must be one that TsloraInt8Methods names");
}

bool expect_depth(Call& call, int64_t depth) {
  return call.expect(depth >= 1 && depth <= MOST_INT8_DEPTH, "depth must be from 1 to 65536");
}

int64_t padded_depth(int64_t depth, Int8Method method) {
  const int64_t padding = choose_kernels().int8_layout(method).padding;
  return pieces(depth, padding) * padding;
}

// The packed weight and its channels; an error if their shapes do not fit.
Int8Weights read_weights(Call& call, TF_Tensor* packed, TF_Tensor* channels, int64_t depth, Int8Method method) {
  const int64_t columns = columns_of(channels), panel = choose_kernels().panel;
  call.expect(columns > 0 && has_shape(channels, {2, columns}) &&
                  has_shape(packed, {pieces(columns, panel), padded_depth(depth, method), panel}),
              "the 8-bit weight must be packed [panels, depth, panel] by the same method, with channels [2, columns]");
  return {.packed = bytes(packed),
          .scales = floats(channels),
          .totals = floats(channels) + columns,
          .depth = depth,
          .columns = columns,
          .method = method};
}

// Computes a product in blocks of rows. Blocks are divided by columns only if there are few of them: each part
// quantizes its rows.
void compute_blocks(Call& call, const Int8Product& product, int64_t rows) {
  const int64_t threads = parallel_threads(), columns = product.weights.columns;
  const int64_t blocks = pieces(rows, threads * PRODUCT_ROWS) * threads;
  const int64_t across = std::min(pieces(columns, PANELS), pieces(PARTS_A_THREAD * threads, blocks));
  const int64_t width = pieces(pieces(columns, across), PANELS) * PANELS, parts = pieces(columns, width);
  const int64_t needed = choose_kernels().int8_scratch(product.weights.depth);
  std::atomic<bool> enough{true};
  parallel_parts(blocks * parts, [&](int64_t part) {
    const int64_t block = part / parts, column = part % parts * width;
    const int64_t begin = rows * block / blocks, end = rows * (block + 1) / blocks;
    if (begin == end) return;
    float* scratch = scratch_of(needed);
    if (scratch == nullptr)
      enough = false;
    else
      choose_kernels().int8_product(product, begin, end, column, std::min(columns, column + width), scratch);
  });
  if (!enough) call.out_of_memory();
}

}  // namespace

// -> y [2]: the fastest method of this processor, and all of them as a sum of 2^method.
void Int8MethodsOp::compute(Call& call) const {
  TF_Tensor* y = call.output(0, {2});
  if (!call.ok()) return;
  const int methods = int8_methods();
  Int8Method best = Int8Method::SCALAR;
  for (const Int8Method method : {Int8Method::PAIRS, Int8Method::BYTE_PAIRS, Int8Method::QUADS, Int8Method::BLOCKS})
    if ((methods >> static_cast<int>(method) & 1) != 0) best = method;
  floats(y)[0] = static_cast<float>(best);
  floats(y)[1] = static_cast<float>(methods);
}

// w [columns, depth] -> packed [panels, depth, panel], the depth padded to whole groups; channels [2, columns]: scales
// and sums. A scale is NaN if its channel holds a number that is not finite.
void Int8QuantizeOp::compute(Call& call) const {
  TF_Tensor* w = call.input(0);
  if (!expect_method(call, method)) return;
  if (!call.expect(has_axes(w, 2) && size_of(w) > 0, "TsloraInt8Quantize: w must be a matrix that is not empty"))
    return;
  const int64_t columns = TF_Dim(w, 0), depth = TF_Dim(w, 1), panel = choose_kernels().panel;
  if (!expect_depth(call, depth)) return;
  const Int8Weights weights{.packed = nullptr,
                            .scales = nullptr,
                            .totals = nullptr,
                            .depth = depth,
                            .columns = columns,
                            .method = Int8Method(method)};
  const Int8Layout layout = choose_kernels().int8_layout(weights.method);
  const int64_t panels = pieces(columns, panel);
  TF_Tensor* packed = call.output(0, {panels, padded_depth(depth, weights.method), panel}, TF_INT8);
  TF_Tensor* channels = call.output(1, {2, columns});
  if (!call.ok()) return;
  parallel_rows(panels, depth * panel, [&](int64_t begin, int64_t end) {
    choose_kernels().int8_pack(weights, floats(w), layout, bytes(packed), floats(channels), floats(channels) + columns,
                               begin, end);
  });
}

// The numbers that the 8-bit weight is: scale * q, [columns, depth].
void Int8DequantizeOp::compute(Call& call) const {
  if (!expect_method(call, method) || !expect_depth(call, depth)) return;
  const Int8Weights weights = read_weights(call, call.input(0), call.input(1), depth, Int8Method(method));
  if (!call.ok()) return;
  TF_Tensor* w = call.output(0, {weights.columns, depth});
  if (!call.ok()) return;
  const Int8Layout layout = choose_kernels().int8_layout(weights.method);
  parallel_rows(weights.columns, depth, [&](int64_t begin, int64_t end) {
    choose_kernels().int8_unpack(weights, layout, floats(w), begin, end);
  });
}

// x [rows, depth], an 8-bit weight and its bias [columns]; a low-rank update by x2 [rows, rank] and packed w2, and an
// addend [rows, columns], each a scalar if not given -> y [rows, columns].
void Int8ProductOp::compute(Call& call) const {
  if (!expect_method(call, method)) return;
  if (activation != 0 && !expect_activation(call, activation)) return;
  TF_Tensor* x = call.input(0);
  const int64_t depth = columns_of(x), rows = rows_of(x);
  if (!call.expect(has_axes(x, 2), "TsloraInt8Product: x must be a matrix") || !expect_depth(call, depth)) return;
  Int8Product product{};
  product.x = floats(x);
  product.weights = read_weights(call, call.input(1), call.input(2), depth, Int8Method(method));
  if (!call.ok()) return;
  const int64_t columns = product.weights.columns, panel = choose_kernels().panel;
  TF_Tensor *bias = call.input(3), *low = call.input(4), *up = call.input(5), *plus = call.input(6);
  const bool updated = TF_NumDims(low) != 0 || TF_NumDims(up) != 0;
  const int64_t rank = columns_of(low);
  if (!call.expect(
          has_shape(bias, {columns}) &&
              (!updated ||
               (rank > 0 && has_shape(low, {rows, rank}) && has_shape(up, {pieces(columns, panel), rank, panel}))) &&
              (TF_NumDims(plus) == 0 || has_shape(plus, {rows, columns})),
          "TsloraInt8Product: the bias must be [columns], x2 [rows, rank], w2 [rank, columns] packed, and plus "
          "[rows, columns]"))
    return;
  product.bias = floats(bias);
  if (updated) product.low = {.x = floats(low), .w = floats(up), .depth = rank};
  product.plus = optional_floats(plus);
  product.activation = Activation(activation);
  TF_Tensor* y = call.output(0, {rows, columns});
  if (!call.ok()) return;
  product.y = floats(y);
  if (rows > 0) compute_blocks(call, product, rows);
}

}  // namespace tslora
