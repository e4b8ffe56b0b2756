// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "math.h"

namespace tslora {
namespace {

// Each activation is x share(x); slope(x) is its derivative. Beyond FAR the share is 0 or 1 in floats.
constexpr float FAR = 16.f;

struct Part {
  float share, slope;
};

struct Gelu {
  static inline Part at(float x) {
    const float z = std::fabs(x) * 0.70710678118654752f;
    const float e = exp_negative(-z * z);
    const float tail = 0.5f * e * scaled_erfc(z);  // Phi(-|x|)
    const float cdf = x < 0.f ? tail : 1.f - tail;
    return {cdf, cdf + x * (INVERSE_SQRT_TWO_PI * e)};
  }
};

// The logistic function of z, and the slope of x times it; dz is dz / dx.
inline Part logistic(float x, float z, float dz) {
  const float e = exp_negative(-std::fabs(z));
  const float near = 1.f / (1.f + e), far = e * near;  // of |z| and -|z|
  const float share = z < 0.f ? far : near;
  return {share, share + x * dz * (near * far)};
}

// (1 + tanh(u)) / 2 is the logistic function of 2 u.
struct GeluTanh {
  static inline Part at(float x) {
    const float v = x < -FAR ? -FAR : x > FAR ? FAR : x;
    const float square = v * v;
    return logistic(x, 1.5957691216057308f * (v + 0.044715f * (square * v)),
                    1.5957691216057308f * (1.f + 0.134145f * square));
  }
};

struct Silu {
  static inline Part at(float x) { return logistic(x, x, 1.f); }
};

template <typename Of>
void activate(const float* x, float* y, float* derivative, int64_t begin, int64_t end) {
  if (derivative == nullptr) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] = x[i] * Of::at(x[i]).share;
    return;
  }
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    const float v = x[i];
    const Part part = Of::at(v);
    derivative[i] = part.slope;
    y[i] = v * part.share;
  }
}

template <typename Of>
void gated(const float* x, float* y, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* a = x + row * 2 * columns;
    const float* b = a + columns;
    float* to = y + row * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] = a[c] * Of::at(a[c]).share * b[c];
  }
}

template <typename Of>
void gated_backward(const float* dy, const float* x, float* dx, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* a = x + row * 2 * columns;
    const float* b = a + columns;
    const float* from = dy + row * columns;
    float* da = dx + row * 2 * columns;
    float* db = da + columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      const float v = a[c];
      const Part part = Of::at(v);
      da[c] = from[c] * b[c] * part.slope;
      db[c] = from[c] * (v * part.share);
    }
  }
}

}  // namespace

void TSLORA_OWN(activate)(Activation activation, const float* x, float* y, float* derivative, int64_t begin,
                          int64_t end) {
  if (activation == Activation::GELU) TSLORA_OWN(gelu)(x, y, derivative, begin, end);
  if (activation == Activation::GELU_TANH) activate<GeluTanh>(x, y, derivative, begin, end);
  if (activation == Activation::SILU) activate<Silu>(x, y, derivative, begin, end);
}

void TSLORA_OWN(gated)(Activation activation, const float* x, float* y, int64_t columns, int64_t begin, int64_t end) {
  if (activation == Activation::GELU) gated<Gelu>(x, y, columns, begin, end);
  if (activation == Activation::GELU_TANH) gated<GeluTanh>(x, y, columns, begin, end);
  if (activation == Activation::SILU) gated<Silu>(x, y, columns, begin, end);
}

void TSLORA_OWN(gated_backward)(Activation activation, const float* dy, const float* x, float* dx, int64_t columns,
                                int64_t begin, int64_t end) {
  if (activation == Activation::GELU) gated_backward<Gelu>(dy, x, dx, columns, begin, end);
  if (activation == Activation::GELU_TANH) gated_backward<GeluTanh>(dy, x, dx, columns, begin, end);
  if (activation == Activation::SILU) gated_backward<Silu>(dy, x, dx, columns, begin, end);
}

}  // namespace tslora
