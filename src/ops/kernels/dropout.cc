// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "philox.h"

namespace tslora {

void TSLORA_OWN(dropout)(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      const float* from = x + row * columns + column;
      float* to = y + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = from[i] * m[i];
    }
  }
}

void TSLORA_OWN(keep_mask)(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f);
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* to = y + row * columns + column;
      for (int64_t i = 0; i < n; ++i) to[i] = m[i];
    }
  }
}

}  // namespace tslora
