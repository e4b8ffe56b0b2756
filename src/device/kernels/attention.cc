// Compiled once for each set of instructions, as kernels.cc is.
#include "kernels.h"
#include "numbers.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t BLOCK = 56 / MR * MR;  // queries at a time, a multiple of MR: their scores fit into the cache

// scores [keys] to what is kept of their softmax, times 1 / (1 - rate); the softmax itself goes to `weights`, if there is one,
// with a minus where a weight was dropped: the backward pass need not draw again. Without weights and dropout the scores are left to be divided by the sum that is returned.
float softmax_row(float* scores, float scale, int64_t keys, float* weights, Mask& mask, int64_t draw) {
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

// The scores' gradient in the place of that of the kept weights, and the kept weights times `factor`.
void softmax_row_backward(float* d_kept, float scale, float factor, float row_sum, int64_t keys, const float* weights, float* kept) {
#pragma omp simd
  for (int64_t c = 0; c < keys; ++c) {
    const float w = std::fabs(weights[c]);
    const float left = std::signbit(weights[c]) ? 0.f : factor;
    kept[c] = w * left;
    d_kept[c] = (d_kept[c] * left - row_sum) * w * scale;
  }
}

}  // namespace

int64_t TSLORA_OWN(attention_scratch)(const Attention& attention, int64_t keys) {
  const int64_t columns = round_up(keys, NR), width = round_up(attention.head_dim, NR);
  return attention.head_dim * columns + keys * width + 2 * BLOCK * columns + 2 * BLOCK * width;
}

void TSLORA_OWN(attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch) {
  const int64_t d = attention.head_dim, width = attention.width, keys = head.keys, columns = round_up(keys, NR);
  const int64_t offset = head.head * d;
  float* k_packed = scratch;
  float* v_packed = k_packed + d * columns;
  float* scores = v_packed + keys * round_up(d, NR);
  pack({attention.k + head.first_key * width + offset, 1, width}, d, keys, k_packed);
  pack({attention.v + head.first_key * width + offset, width, 1}, keys, d, v_packed);
  Mask mask(attention.drop, 1.f / (1.f - attention.drop.rate));
  float sums[BLOCK];
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const int64_t rows = head.queries - first < BLOCK ? head.queries - first : BLOCK;
    const int64_t at = (head.first_query + first) * width + offset;
    multiply({attention.q + at, width, 1}, {k_packed, d * NR}, rows, d, keys, columns, ZERO, scores, columns);
    for (int64_t row = 0; row < rows; ++row) {
      float* weights = attention.weights == nullptr ? nullptr : attention.weights + head.weights_at + (first + row) * keys;
      sums[row] = softmax_row(scores + row * columns, attention.scale, keys, weights, mask, head.first_draw + first + row);
    }
    multiply({scores, columns, 1}, {v_packed, keys * NR}, rows, keys, d, d, ZERO, attention.y + at, width);
    if (attention.weights != nullptr || attention.drop.rate > 0) continue;
    for (int64_t row = 0; row < rows; ++row) {
      float* y = attention.y + at + row * width;
      const float factor = 1.f / sums[row];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) y[i] *= factor;
    }
  }
}

void TSLORA_OWN(attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch) {
  const int64_t d = attention.head_dim, width = attention.width, keys = head.keys, columns = round_up(keys, NR), panels = round_up(d, NR);
  const int64_t offset = head.head * d, at_keys = head.first_key * width + offset;
  float* v_packed = scratch;
  float* k_packed = v_packed + d * columns;
  float* d_scores = k_packed + keys * panels;
  float* kept = d_scores + BLOCK * columns;
  float* q_packed = kept + BLOCK * columns;
  float* dy_packed = q_packed + BLOCK * panels;
  pack({attention.v + at_keys, 1, width}, d, keys, v_packed);
  pack({attention.k + at_keys, width, 1}, keys, d, k_packed);
  const float factor = 1.f / (1.f - attention.drop.rate);
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const int64_t rows = head.queries - first < BLOCK ? head.queries - first : BLOCK;
    const int64_t at = (head.first_query + first) * width + offset;
    const float* dy = attention.dy + at;
    multiply({dy, width, 1}, {v_packed, d * NR}, rows, d, keys, columns, ZERO, d_scores, columns);
    for (int64_t row = 0; row < rows; ++row) {
      const float* y = attention.y + at + row * width;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < d; ++i) sum += dy[row * width + i] * y[i];
      softmax_row_backward(d_scores + row * columns, attention.scale, factor, sum, keys, attention.weights + head.weights_at + (first + row) * keys, kept + row * columns);
    }
    multiply({d_scores, columns, 1}, {k_packed, keys * NR}, rows, keys, d, d, ZERO, attention.dq + at, width);
    pack({dy, width, 1}, rows, d, dy_packed);
    multiply({kept, 1, columns}, {dy_packed, rows * NR}, keys, rows, d, d, first > 0 ? Start{attention.dv + at_keys, width} : ZERO, attention.dv + at_keys, width);
    if (attention.dk == nullptr) continue;
    pack({attention.q + at, width, 1}, rows, d, q_packed);
    multiply({d_scores, 1, columns}, {q_packed, rows * NR}, keys, rows, d, d, first > 0 ? Start{attention.dk + at_keys, width} : ZERO, attention.dk + at_keys, width);
  }
}

}  // namespace tslora
