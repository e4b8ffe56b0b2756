// Compiled once for each instruction set, as kernels.cc is.
#include <cstring>

#include "kernels.h"
#include "streaming.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t DEPTH = 768;  // of one pass: a panel of the right side and the rows on the left fit in the cache
constexpr int64_t LINE = 16;    // numbers in a cache line
// Row strides of matrices that stay in the cache, chosen so that no two rows lie a page apart.
constexpr int64_t COPIED = DEPTH + LINE, BLOCK = PRODUCT_COLUMNS + LINE;

inline const float* moved(const float* at, int64_t by) { return at == nullptr ? nullptr : at + by; }

}  // namespace

void TSLORA_OWN(pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns,
                              float* packed, int64_t begin, int64_t end) {
  const int64_t last = end * NR < columns ? end * NR : columns;
  pack({w + begin * NR * column, row, column}, depth, last - begin * NR, packed + begin * NR * depth);
}

void TSLORA_OWN(product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column) {
  const int64_t columns = product.columns, rows = end_row - row, width = end_column - column;
  const int64_t at = row * columns + column;
  const float* bias = moved(product.bias, column);
  const float* times = moved(product.times, at);
  alignas(64) thread_local float copied[PRODUCT_ROWS * COPIED], block[PRODUCT_ROWS * BLOCK],
      derivative[PRODUCT_COLUMNS];
  Start start = ZERO;
  for (const Factors& factors : product.factors) {
    const int64_t depth = factors.depth;
    if (factors.bf16) {
      const Sums sums{block, BLOCK, start.at == nullptr};
      TSLORA_OWN(bf16_multiply)(factors, product.method, {row, rows, column, width}, sums);
      start = {block, BLOCK};
      continue;
    }
    for (int64_t p = 0; p < depth; p += DEPTH) {
      const int64_t some = depth - p < DEPTH ? depth - p : DEPTH;
      Strided x{factors.x + row * depth + p, depth, 1};
      if (product_copies(depth)) {
        for (int64_t i = 0; i < rows; ++i)
          std::memcpy(copied + i * COPIED, x.at + i * depth, static_cast<size_t>(some) * sizeof(float));
        x = {copied, COPIED, 1};
      }
      multiply(x, {factors.w + column * depth + p * NR, depth * NR}, rows, some, width, PRODUCT_COLUMNS, start, block,
               BLOCK);
      start = {block, BLOCK};
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    float* sum = block + i * BLOCK;
    add(bias, sum, width);
    for (const float* part : product.plus) add(moved(part, at + i * columns), sum, width);
    if (product.activation != Activation::NONE) {
      float* slope = product.derivative == nullptr ? nullptr : derivative;
      TSLORA_OWN(activate)(product.activation, sum, sum, slope, 0, width);
      if (product.derivative != nullptr) put(derivative, width, product.derivative + at + i * columns);
    }
    if (times != nullptr) {
      const float* factor = times + i * columns;
#pragma omp simd
      for (int64_t c = 0; c < width; ++c) sum[c] *= factor[c];
    }
    put(sum, width, product.y + at + i * columns);
  }
  put_all();
}

}  // namespace tslora
