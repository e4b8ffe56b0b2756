// Compiled once for each set of instructions, with TSLORA_INSTRUCTIONS_NAME set: plain loops, which the compiler turns
// into vectors as wide as the processor has.
#include "kernels.h"
#include "numbers.h"

namespace tslora {

void TSLORA_OWN(gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end) {
  const auto parts = [](float v, float& density, float& cdf) {
    const float z = std::fabs(v) * 0.70710678118654752f;
    const float e = exp_negative(-z * z);
    const float tail = 0.5f * e * scaled_erfc(z);  // Phi(-|v|)
    density = INVERSE_SQRT_TWO_PI * e;
    cdf = v < 0.f ? tail : 1.f - tail;
  };
  if (derivative == nullptr) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float density, cdf;
      parts(x[i], density, cdf);
      y[i] = x[i] * cdf;
    }
    return;
  }
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    float density, cdf;
    const float v = x[i];
    parts(v, density, cdf);
    derivative[i] = cdf + v * density;
    y[i] = v * cdf;
  }
}

namespace {

void dropout(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
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

void keep_mask(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
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

void residual_norm(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon,
                   Drop drop, float* y, float* normalized, float* inverse_deviation, int64_t columns, int64_t begin,
                   int64_t end) {
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

void residual_norm_backward(const float* dy, const float* gamma, const float* normalized,
                            const float* inverse_deviation, Drop drop, float* ds, float* dx, int64_t columns,
                            int64_t begin, int64_t end) {
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

}  // namespace

#define TSLORA_QUOTED(name) #name
#define TSLORA_NAME(name) TSLORA_QUOTED(name)

extern const Kernels TSLORA_OWN(kernels);
const Kernels TSLORA_OWN(kernels) = {
    TSLORA_NAME(TSLORA_INSTRUCTIONS_NAME),
    TSLORA_OWN(gelu),
    dropout,
    keep_mask,
    residual_norm,
    residual_norm_backward,
    TSLORA_OWN(lower),
    DRAWN,
    TSLORA_OWN(lower_gradient),
    TSLORA_OWN(lower_backward),
    NR,
    TSLORA_OWN(pack_columns),
    TSLORA_OWN(product),
    TSLORA_OWN(batched_product),
    TSLORA_OWN(pool_scratch),
    TSLORA_OWN(pool_forward),
    TSLORA_OWN(pool_backward),
    TSLORA_OWN(attention_scratch),
    TSLORA_OWN(attention_forward),
    TSLORA_OWN(attention_backward),
};

}  // namespace tslora
