// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t DEPTH = 512;  // depth of one pass: a panel of the right side stays in the cache

}  // namespace

void TSLORA_OWN(batched_product)(const BatchedProduct& product, int64_t matrix, int64_t column, int64_t end_column) {
  const int64_t rows = product.rows, depth = product.depth, columns = product.columns;
  const float* a = product.a + matrix * rows * depth;
  const float* b = product.b + matrix * depth * columns;
  float* c = product.c + matrix * rows * columns;
  alignas(64) thread_local float panel[DEPTH * NR];
  for (int64_t j = column; j < end_column; j += NR) {
    const int64_t n = end_column - j < NR ? end_column - j : NR;
    for (int64_t p = 0; p < depth; p += DEPTH) {
      const int64_t some = depth - p < DEPTH ? depth - p : DEPTH;
      const Strided left = product.transpose_a ? Strided{a + p * rows, 1, rows} : Strided{a + p, depth, 1};
      pack(product.transpose_b ? Strided{b + j * depth + p, 1, depth} : Strided{b + p * columns + j, columns, 1}, some,
           n, panel);
      multiply(left, {panel, 0}, rows, some, n, n, p > 0 ? Start{c + j, columns} : ZERO, c + j, columns);
    }
  }
}

}  // namespace tslora
