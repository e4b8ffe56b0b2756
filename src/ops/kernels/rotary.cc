// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"

namespace tslora {

void TSLORA_OWN(rotary)(const Rotary& rotary, int64_t begin, int64_t end) {
  const int64_t half = rotary.head_dim / 2, width = rotary.width;
  for (int64_t row = begin; row < end; ++row) {
    const float* cosine = rotary.cosine + rotary.positions[row] * half;
    const float* sine = rotary.sine + rotary.positions[row] * half;
    for (int64_t head = 0; head < width; head += rotary.head_dim) {
      const float* a = rotary.x + row * width + head;
      const float* b = a + half;
      float* y = rotary.y + row * width + head;
#pragma omp simd
      for (int64_t i = 0; i < half; ++i) {
        const float s = rotary.inverse ? -sine[i] : sine[i];
        y[i] = a[i] * cosine[i] - b[i] * s;
        y[half + i] = b[i] * cosine[i] + a[i] * s;
      }
    }
  }
}

}  // namespace tslora
