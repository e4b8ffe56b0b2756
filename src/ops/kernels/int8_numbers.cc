// Numbers in 8 bits and back. Compiled once for each instruction set, as kernels.cc is, and without contracting a
// product and a sum into one rounding: every instruction set must round alike.
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr float LEAST_STEP = std::numeric_limits<float>::min();  // below it a step is taken as 0
constexpr float SHIFT = 12582912.f;  // 1.5 * 2^23: a number of at most 2^21 added to it is rounded to a whole one
constexpr int32_t SHIFT_BITS = 0x4B400000, INFINITE = 0x7F800000, MAGNITUDE = 0x7FFFFFFF;

inline int32_t bits_of(float x) {
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// x to the nearest whole number, ties to the even one.
inline int32_t nearest(float x) { return bits_of(x + SHIFT) - SHIFT_BITS; }

struct Range {
  float least, most;
  bool finite;
};

Range range_of(const float* x, int64_t size) {
  float least = x[0], most = x[0];
  int32_t largest = 0;  // the bits of the greatest magnitude: those of NaN and infinity are above all others
#pragma omp simd reduction(min : least) reduction(max : most) reduction(max : largest)
  for (int64_t i = 0; i < size; ++i) {
    const int32_t bits = bits_of(x[i]) & MAGNITUDE;
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
    largest = bits > largest ? bits : largest;
  }
  return {least + 0.f, most, largest < INFINITE};  // + 0: no negative zero
}

// The largest sum of the magnitudes of two neighbours.
float largest_pair(const float* w, int64_t depth) {
  float largest = 0;
  for (int64_t k = 0; k < depth; k += 2) {
    const float pair = std::fabs(w[k]) + (k + 1 < depth ? std::fabs(w[k + 1]) : 0.f);
    largest = pair > largest ? pair : largest;
  }
  return largest;
}

template <typename Side>
Int8Row quantize(const float* x, int64_t depth, int64_t padded, Side* u) {
  const Range range = range_of(x, depth);
  const float width = range.most - range.least;
  Int8Row row{range.least, width / 255.f};
  if (!(row.step >= LEAST_STEP)) row.step = 0;
  if (!range.finite || !(width <= std::numeric_limits<float>::max())) row = {NOT_A_NUMBER, 0};
  if (row.step == 0) {
    std::memset(u, 0, static_cast<size_t>(padded) * sizeof(Side));
    return row;
  }
  const float low = row.low, inverse = 1.f / row.step;
#pragma omp simd
  for (int64_t i = 0; i < depth; ++i) u[i] = static_cast<Side>(nearest((x[i] - low) * inverse));
  for (int64_t i = depth; i < padded; ++i) u[i] = 0;
  return row;
}

}  // namespace

Int8Row TSLORA_OWN(int8_quantize)(const float* x, int64_t depth, int64_t padded, uint8_t* u) {
  return quantize(x, depth, padded, u);
}

Int8Row TSLORA_OWN(int8_quantize_wide)(const float* x, int64_t depth, int64_t padded, int16_t* u) {
  return quantize(x, depth, padded, u);
}

void TSLORA_OWN(int8_dequantize)(const int32_t* sums, Int8Row row, const float* scales, const float* totals,
                                 const float* bias, int64_t columns, float* y) {
#pragma omp simd
  for (int64_t c = 0; c < columns; ++c)
    y[c] = (row.step * static_cast<float>(sums[c]) + row.low * totals[c]) * scales[c] + bias[c];
}

void TSLORA_OWN(int8_pack)(const Int8Weights& weights, const float* w, Int8Layout layout, int8_t* packed, float* scales,
                           float* totals, int64_t begin, int64_t end) {
  const int64_t depth = weights.depth, group = layout.group, padded = round_up(depth, layout.padding);
  for (int64_t panel = begin; panel < end; ++panel) {
    int8_t* to = packed + panel * padded * NR;
    std::memset(to, 0, static_cast<size_t>(padded * NR));
    for (int64_t l = 0; l < NR && panel * NR + l < weights.columns; ++l) {
      const int64_t c = panel * NR + l;
      const float* from = w + c * depth;
      float scale = largest_pair(from, depth) / (MOST_PAIR - 1.f);  // rounding adds at most 1/2 to each
      int32_t total = 0;
      if (!(scale >= LEAST_STEP)) scale = 0;
      if (!range_of(from, depth).finite || !(scale <= std::numeric_limits<float>::max())) scale = NOT_A_NUMBER;
      if (scale >= LEAST_STEP) {
        for (int64_t k = 0; k < depth; ++k) {
          const int32_t q = nearest(from[k] / scale);
          total += q;
          to[(k / group * NR + l) * group + k % group] = static_cast<int8_t>(q);
        }
      }
      scales[c] = scale;
      totals[c] = static_cast<float>(total);  // exact: at most 127 * MOST_INT8_DEPTH
    }
  }
}

void TSLORA_OWN(int8_unpack)(const Int8Weights& weights, Int8Layout layout, float* w, int64_t begin, int64_t end) {
  const int64_t depth = weights.depth, group = layout.group, padded = round_up(depth, layout.padding);
  for (int64_t c = begin; c < end; ++c) {
    const int8_t* from = weights.packed + c / NR * padded * NR;
    const int64_t l = c % NR;
    for (int64_t k = 0; k < depth; ++k)
      w[c * depth + k] = weights.scales[c] * static_cast<float>(from[(k / group * NR + l) * group + k % group]);
  }
}

}  // namespace tslora
