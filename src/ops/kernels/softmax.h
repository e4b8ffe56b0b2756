// Softmax of a row of scores under dropout, and its gradient. In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_SOFTMAX_H_
#define TSLORA_SOFTMAX_H_

#include "math.h"
#include "philox.h"

namespace tslora {
namespace {

// Replaces scores [keys] by the exponentials of their distances from the highest, times `scale`. Returns their sum.
float exponentials(float* scores, float scale, int64_t keys) {
  float highest = scores[0];
#pragma omp simd reduction(max : highest)
  for (int64_t c = 0; c < keys; ++c) highest = scores[c] > highest ? scores[c] : highest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < keys; ++c) {
    const float e = exp_negative((scores[c] - highest) * scale);
    scores[c] = e;
    sum += e;
  }
  return sum;
}

// Replaces scores [keys] by their softmax under dropout, and returns the number that the caller must divide them by: 1,
// or the sum of the exponentials if there are neither weights nor dropout. `weights`, if not null, receives the softmax
// before dropout, with a minus sign for each dropped weight: the backward pass then need not draw again.
float softmax_row(float* scores, float scale, int64_t keys, float* weights, Mask& mask, int64_t draw) {
  const float sum = exponentials(scores, scale, keys);
  if (weights == nullptr && mask.drop.rate <= 0) return sum;
  const float factor = 1.f / sum;
  if (mask.drop.rate <= 0) {
#pragma omp simd
    for (int64_t c = 0; c < keys; ++c) weights[c] = scores[c] *= factor;
    return 1.f;
  }
  for (int64_t column = 0; column < keys; column += DRAWN) {
    const float* m = mask.at(draw, column);
    const int64_t n = until(column, keys);
    float* left = scores + column;
    if (weights != nullptr) {
      float* all = weights + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const float w = left[i] * factor;
        all[i] = m[i] > 0 ? w : -w;
        left[i] = w * m[i];
      }
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) left[i] *= factor * m[i];
    }
  }
  return 1.f;
}

// Replaces the gradient of the kept weights by that of the scores, and writes the kept weights times `factor` to
// `kept`.
void softmax_row_backward(float* d_kept, float factor, float row_sum, int64_t keys, const float* weights, float* kept) {
#pragma omp simd
  for (int64_t c = 0; c < keys; ++c) {
    const float w = std::fabs(weights[c]);
    const float left = std::signbit(weights[c]) ? 0.f : factor;
    kept[c] = w * left;
    d_kept[c] = (d_kept[c] * left - row_sum) * w;
  }
}

// softmax_row_backward() without weights: makes them and the draws again, from the scores [keys] before `scale`.
// Replaces the scores by the kept weights divided by 1 - rate. `row_sum` is the sum of dy * y over the head's columns.
void softmax_row_again(float* scores, float* d_kept, float scale, float row_sum, int64_t keys, Mask& mask,
                       int64_t draw) {
  const float factor = 1.f / exponentials(scores, scale, keys);
  if (mask.drop.rate <= 0) {
#pragma omp simd
    for (int64_t c = 0; c < keys; ++c) {
      const float w = scores[c] *= factor;
      d_kept[c] = (d_kept[c] - row_sum) * w * scale;
    }
    return;
  }
  for (int64_t column = 0; column < keys; column += DRAWN) {
    const float* m = mask.at(draw, column);
    const int64_t n = until(column, keys);
    float *kept = scores + column, *d = d_kept + column;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
      const float w = kept[i] * factor;
      kept[i] = w * m[i];
      d[i] = (d[i] * m[i] - row_sum) * w * scale;
    }
  }
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_SOFTMAX_H_
