// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "philox.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t TOGETHER = 8;  // sums in registers at a time
constexpr int64_t COMING = 8;    // rows between the row in use and the prefetched row: a block's rows lie apart
constexpr int64_t CHUNK = 64;    // rows of one pass: their part of a block of columns fits in the cache

// to = dropout(from), for the columns [column, column + n) of one row; a copy if the rate is 0.
inline void keep(const float* from, Mask& mask, int64_t row, int64_t column, int64_t n, float* to) {
  if (mask.drop.rate <= 0) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) to[i] = from[i];
    return;
  }
  const float* m = mask.at(row, column);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) to[i] = from[i] * m[i];
}

float sum_of(Vector v) {
  float sum = 0;
  for (int i = 0; i < VECTOR; ++i) sum += v[i];
  return sum;
}

// y = scaling times the dot products of x with COUNT rows of a.
template <int64_t COUNT>
void dot(const float* x, const float* a, int64_t columns, float scaling, float* y) {
  Vector sums[COUNT] = {};
  int64_t c = 0;
  for (; c + VECTOR <= columns; c += VECTOR) {
    const Vector part = *reinterpret_cast<const Loose*>(x + c);
    for (int64_t r = 0; r < COUNT; ++r) sums[r] += part * *reinterpret_cast<const Loose*>(a + r * columns + c);
  }
  for (int64_t r = 0; r < COUNT; ++r) {
    float sum = sum_of(sums[r]);
    for (int64_t tail = c; tail < columns; ++tail) sum += x[tail] * a[r * columns + tail];
    y[r] = sum * scaling;
  }
}

}  // namespace

void TSLORA_OWN(lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank,
                       int64_t columns, int64_t begin, int64_t end, float* scratch) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * columns;
    if (drop.rate > 0) {
      for (int64_t column = 0; column < columns; column += DRAWN)
        keep(from + column, mask, row, column, until(column, columns), scratch + column);
      from = scratch;
    }
    float* to = low + row * rank;
    int64_t r = 0;
    for (; r + TOGETHER <= rank; r += TOGETHER) dot<TOGETHER>(from, a + r * columns, columns, scaling, to + r);
    for (; r < rank; ++r) dot<1>(from, a + r * columns, columns, scaling, to + r);
  }
}

void TSLORA_OWN(lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows,
                                int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  alignas(64) float kept[DRAWN], packed[CHUNK * DRAWN];
  for (int64_t block = begin; block < end; ++block) {
    const int64_t column = block * DRAWN, n = until(column, columns);
    float* to = da + column;
    for (int64_t i = n; i < DRAWN; ++i) kept[i] = 0;
    for (int64_t first = 0; first < rows; first += CHUNK) {
      const int64_t some = rows - first < CHUNK ? rows - first : CHUNK;
      for (int64_t row = 0; row < some; ++row) {
        const float* from = x + (first + row) * columns + column;
        for (int64_t i = 0; i < n; i += LANES) __builtin_prefetch(from + COMING * columns + i);
        keep(from, mask, first + row, column, n, kept);
        for (int64_t j = 0; j < DRAWN; j += NR) {
          float* at = packed + j * some + row * NR;
#pragma omp simd
          for (int64_t i = 0; i < NR; ++i) at[i] = kept[j + i];
        }
      }
      multiply({d_low + first * rank, 1, rank}, {packed, some * NR}, rank, some, n, n,
               first > 0 ? Start{to, columns} : ZERO, to, columns);
    }
  }
}

void TSLORA_OWN(lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns,
                                int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  for (int64_t row = begin; row < end; ++row) {
    const float* factors = d_low + row * rank;
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const int64_t n = until(column, columns);
      const float* m = drop.rate > 0 ? mask.at(row, column) : nullptr;
      const float* from = a + column;
      float* to = dx + row * columns + column;
      int64_t i = 0;
      for (; i + VECTOR <= n; i += VECTOR) {
        Vector sum{};
        for (int64_t r = 0; r < rank; ++r) sum += factors[r] * *reinterpret_cast<const Loose*>(from + r * columns + i);
        if (m != nullptr) sum *= *reinterpret_cast<const Loose*>(m + i);
        *reinterpret_cast<Loose*>(to + i) = sum;
      }
      for (; i < n; ++i) {
        float sum = 0;
        for (int64_t r = 0; r < rank; ++r) sum += factors[r] * from[r * columns + i];
        to[i] = m == nullptr ? sum : sum * m[i];
      }
    }
  }
}

}  // namespace tslora
