// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "philox.h"
#include "softmax.h"
#include "tiles.h"

namespace tslora {
namespace {

// to [columns, rows] = the transpose of from [rows, columns].
void transpose(const float* from, int64_t rows, int64_t columns, float* to) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) to[column * rows + row] = from[row * columns + column];
  }
}

// sums [length, heads] += the dot product of one [width] and each of rows [length, width], over each head's columns.
void add_products(const float* one, const float* rows, int64_t length, int64_t heads, int64_t dim, float* sums) {
  for (int64_t token = 0; token < length; ++token) {
    for (int64_t head = 0; head < heads; ++head) {
      const float* at = rows + (token * heads + head) * dim;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < dim; ++i) sum += one[head * dim + i] * at[i];
      sums[token * heads + head] += sum;
    }
  }
}

// one [width] = the sum of rows [length, width], each head's columns multiplied by factors [length, heads].
void pool_heads(const float* factors, const float* rows, int64_t length, int64_t heads, int64_t dim, float* one) {
  for (int64_t i = 0; i < heads * dim; ++i) one[i] = 0;
  for (int64_t token = 0; token < length; ++token) {
    for (int64_t head = 0; head < heads; ++head) {
      const float factor = factors[token * heads + head];
      const float* at = rows + (token * heads + head) * dim;
#pragma omp simd
      for (int64_t i = 0; i < dim; ++i) one[head * dim + i] += factor * at[i];
    }
  }
}

// rows [length, width] = one [width] for each token, each head's columns multiplied by factors [length, heads].
void spread_heads(const float* factors, const float* one, int64_t length, int64_t heads, int64_t dim, float* rows) {
  for (int64_t token = 0; token < length; ++token) {
    for (int64_t head = 0; head < heads; ++head) {
      const float factor = factors[token * heads + head];
      float* at = rows + (token * heads + head) * dim;
#pragma omp simd
      for (int64_t i = 0; i < dim; ++i) at[i] = factor * one[head * dim + i];
    }
  }
}

}  // namespace

int64_t TSLORA_OWN(pool_scratch)(const TokenPool& pool, int64_t length) {
  return pool.heads * (4 * length + round_up(pool.width, NR));
}

void TSLORA_OWN(pool_forward)(const TokenPool& pool, const PooledDocument& document, float* scratch) {
  const int64_t heads = pool.heads, width = pool.width, dim = width / heads, length = document.length;
  const int64_t first = document.first_row * width, of_heads = document.index * heads * width;
  float* by_token = scratch;                   // [length, heads]
  float* by_head = by_token + length * heads;  // [heads, length]
  TSLORA_OWN(lower)(pool.x + first, pool.u + of_heads, 1.f, Drop{}, by_token, heads, width, 0, length, nullptr);
  if (pool.key != nullptr)
    add_products(pool.q + document.index * width, pool.key + first, length, heads, dim, by_token);
  transpose(by_token, length, heads, by_head);
  Mask mask(document.drop, 1.f / (1.f - document.drop.rate));
  for (int64_t head = 0; head < heads; ++head) {
    float* kept = by_head + head * length;
    float* weights = pool.weights == nullptr ? nullptr : pool.weights + document.weights_at + head * length;
    const float factor = 1.f / softmax_row(kept, 1.f, length, weights, mask, document.first_draw + head);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < length; ++c) {
      kept[c] *= factor;
      sum += kept[c];
    }
    pool.sums[document.index * heads + head] = sum;
  }
  transpose(by_head, heads, length, by_token);
  TSLORA_OWN(lower_gradient)(by_token, pool.x + first, Drop{}, pool.pooled + of_heads, heads, length, width, 0,
                             round_up(width, DRAWN) / DRAWN);
  if (pool.value != nullptr)
    pool_heads(by_token, pool.value + first, length, heads, dim, pool.update + document.index * width);
}

void TSLORA_OWN(pool_backward)(const TokenPool& pool, const PooledDocument& document, float* scratch) {
  const int64_t heads = pool.heads, width = pool.width, dim = width / heads, length = document.length;
  const int64_t first = document.first_row * width, of_heads = document.index * heads * width,
                one = document.index * width;
  float* by_token = scratch;                     // [length, heads]
  float* by_head = by_token + length * heads;    // [heads, length]
  float* kept = by_head + length * heads;        // [heads, length]
  float* kept_by_token = kept + length * heads;  // [length, heads]
  float* packed = kept_by_token + length * heads;
  TSLORA_OWN(lower)(pool.x + first, pool.d_pooled + of_heads, 1.f, Drop{}, by_token, heads, width, 0, length, nullptr);
  if (pool.value != nullptr) add_products(pool.d_update + one, pool.value + first, length, heads, dim, by_token);
  transpose(by_token, length, heads, by_head);
  const float factor = 1.f / (1.f - document.drop.rate);
  for (int64_t head = 0; head < heads; ++head) {
    float* d_kept = by_head + head * length;
    const float* weights = pool.weights + document.weights_at + head * length;
    const float through_sum = pool.d_sums[document.index * heads + head];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < length; ++c) {
      d_kept[c] += through_sum;
      sum += d_kept[c] * (std::signbit(weights[c]) ? 0.f : factor * weights[c]);
    }
    softmax_row_backward(d_kept, factor, sum, length, weights, kept + head * length);
  }
  transpose(by_head, heads, length, by_token);  // now the gradient of the scores
  transpose(kept, heads, length, kept_by_token);
  TSLORA_OWN(lower_gradient)(by_token, pool.x + first, Drop{}, pool.du + of_heads, heads, length, width, 0,
                             round_up(width, DRAWN) / DRAWN);
  if (pool.dx != nullptr) {
    float* dx = pool.dx + first;
    pack({pool.u + of_heads, width, 1}, heads, width, packed);
    multiply({by_token, heads, 1}, {packed, heads * NR}, length, heads, width, width, ZERO, dx, width);
    pack({pool.d_pooled + of_heads, width, 1}, heads, width, packed);
    multiply({kept_by_token, heads, 1}, {packed, heads * NR}, length, heads, width, width, Start{dx, width}, dx, width);
  }
  if (pool.key != nullptr) {
    spread_heads(by_token, pool.q + one, length, heads, dim, pool.d_key + first);
    pool_heads(by_token, pool.key + first, length, heads, dim, pool.dq + one);
  }
  if (pool.value != nullptr) spread_heads(kept_by_token, pool.d_update + one, length, heads, dim, pool.d_value + first);
}

}  // namespace tslora
