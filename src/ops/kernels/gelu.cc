// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "math.h"

namespace tslora {

void TSLORA_OWN(gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end) {
  const auto normal = [](float v, float& density, float& cdf) {
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
      normal(x[i], density, cdf);
      y[i] = x[i] * cdf;
    }
    return;
  }
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    float density, cdf;
    const float v = x[i];
    normal(v, density, cdf);
    derivative[i] = cdf + v * density;
    y[i] = v * cdf;
  }
}

}  // namespace tslora
