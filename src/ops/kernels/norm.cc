// Compiled once for each instruction set, as kernels.cc is.
#include <cmath>

#include "kernels.h"
#include "philox.h"

namespace tslora {

void TSLORA_OWN(residual_norm)(const float* x, const float* residual, const float* gamma, const float* beta,
                               float epsilon, Drop drop, float* y, float* normalized, float* inverse_deviation,
                               int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  const float share = 1.f / static_cast<float>(columns);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * columns;
    float* s = normalized + row * columns;
    float* to = y + row * columns;
    if (drop.rate > 0) {
      for (int64_t column = 0; column < columns; column += DRAWN) {
        const float* m = mask.at(row, column);
        const int64_t n = until(column, columns);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) s[column + i] = from[column + i] * m[i];
      }
      from = s;
    }
    float sum = 0;
    if (residual != nullptr) {
      const float* r = residual + row * columns;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < columns; ++c) {
        s[c] = from[c] + r[c];
        sum += s[c];
      }
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < columns; ++c) {
        s[c] = from[c];
        sum += s[c];
      }
    }
    const float mean = sum * share;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < columns; ++c) {
      s[c] -= mean;
      squares += s[c] * s[c];
    }
    const float inverse = 1.f / std::sqrt(squares * share + epsilon);
    inverse_deviation[row] = inverse;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      s[c] *= inverse;
      to[c] = s[c] * gamma[c] + beta[c];
    }
  }
}

void TSLORA_OWN(residual_norm_backward)(const float* dy, const float* gamma, const float* normalized,
                                        const float* inverse_deviation, Drop drop, float* ds, float* dx,
                                        int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  const float share = 1.f / static_cast<float>(columns);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = dy + row * columns;
    const float* unit = normalized + row * columns;
    float* to = ds + row * columns;
    float sum = 0, slope = 0;
#pragma omp simd reduction(+ : sum, slope)
    for (int64_t c = 0; c < columns; ++c) {
      const float g = from[c] * gamma[c];
      sum += g;
      slope += g * unit[c];
    }
    const float mean = sum * share, tilt = slope * share, inverse = inverse_deviation[row];
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] = (from[c] * gamma[c] - unit[c] * tilt - mean) * inverse;
    if (dx == nullptr) continue;
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* dropped = dx + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dropped[i] = to[column + i] * m[i];
    }
  }
}

}  // namespace tslora
