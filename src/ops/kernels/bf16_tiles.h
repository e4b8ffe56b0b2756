// Products of numbers rounded to bfloat16, summed in 32 bits. Subnormal numbers, given or summed, count as 0, as in the
// instructions. In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_BF16_TILES_H_
#define TSLORA_BF16_TILES_H_

#include <cfloat>
#include <cmath>
#include <cstring>

#include "amx.h"
#include "kernels.h"
#include "tiles.h"

// The compilers that know the instructions of AVX512-BF16.
#if defined(__AVX512F__) && (defined(__clang__) || __GNUC__ >= 10)
#define TSLORA_BF16_TARGET __attribute__((target("avx512bf16")))
#endif

namespace tslora {
namespace {

typedef uint16_t Bf16;

static_assert(BF16_DEPTH == 2 * AMX_GROUPS, "a matrix is padded to whole registers");

// x to the nearest bfloat16, ties to the even one.
inline Bf16 rounded(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint32_t magnitude = bits & 0x7FFFFFFFu, nearest = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  const uint32_t quiet = bits >> 16 | 0x40u, zero = bits >> 16 & 0x8000u;
  return static_cast<Bf16>(magnitude > 0x7F800000u ? quiet : magnitude < 0x00800000u ? zero : nearest);
}

// A pair of bfloat16 numbers as one: the first in the low half.
inline float joined(Bf16 first, Bf16 second) {
  const uint32_t bits = uint32_t{second} << 16 | first;
  float pair;
  std::memcpy(&pair, &bits, sizeof pair);
  return pair;
}

inline float widened(uint32_t high_half) {
  float x;
  std::memcpy(&x, &high_half, sizeof x);
  return x;
}
inline float first_of(uint32_t pair) { return widened(pair << 16); }
inline float second_of(uint32_t pair) { return widened(pair & 0xFFFF0000u); }

inline float without_subnormal(float x) { return std::fabs(x) < FLT_MIN ? std::copysign(0.f, x) : x; }
// sum + x w with one rounding.
inline float fused(float x, float w, float sum) { return without_subnormal(std::fma(x, w, sum)); }

// One tile: `rows` rows of pairs from `a`, `a_row` numbers apart, times a panel of `groups` pairs in each column. Adds
// to c, or writes c if `first`.
struct Bf16Tile {
  const Bf16* a;
  int64_t a_row;
  const float* w;
  int64_t groups;
  float* c;
  int64_t c_row;
  bool first;
};

inline uint32_t pair_at(const void* at) {
  uint32_t pair;
  std::memcpy(&pair, at, sizeof pair);
  return pair;
}

// The sums of an instruction in plain C++. `Order::add` adds a row's products to its sums.
template <typename Order>
struct Emulated {
  static constexpr int64_t ROWS = 6;

  static void tile(int64_t rows, const Bf16Tile& t) {
    for (int64_t r = 0; r < rows; ++r) {
      float* c = t.c + r * t.c_row;
      float sum[NR];
      for (int l = 0; l < NR; ++l) sum[l] = t.first ? 0 : without_subnormal(c[l]);
      Order::add(t.a + r * t.a_row, t.w, t.groups, sum);
      for (int l = 0; l < NR; ++l) c[l] = sum[l];
    }
  }
};

// The order of vdpbf16ps: of each pair the second product, then the first, each with one rounding.
struct PairOrder {
  static void add(const Bf16* a, const float* w, int64_t groups, float* sum) {
    for (int64_t p = 0; p < groups; ++p) {
      const uint32_t pair = pair_at(a + 2 * p);
      const float x0 = first_of(pair), x1 = second_of(pair);
      for (int l = 0; l < NR; ++l) {
        const uint32_t column = pair_at(w + p * NR + l);
        sum[l] = fused(x0, first_of(column), fused(x1, second_of(column), sum[l]));
      }
    }
  }
};

// The order of tdpbf16ps: in each block of 16 pairs the first numbers' products and the second ones' are summed apart,
// then both sums are added, and that to the result.
struct BlockOrder {
  static void add(const Bf16* a, const float* w, int64_t groups, float* sum) {
    for (int64_t begin = 0; begin < groups; begin += AMX_GROUPS) {
      float first[NR] = {}, second[NR] = {};
      for (int64_t p = begin; p < begin + AMX_GROUPS; ++p) {
        const uint32_t pair = pair_at(a + 2 * p);
        const float x0 = first_of(pair), x1 = second_of(pair);
        for (int l = 0; l < NR; ++l) {
          const uint32_t column = pair_at(w + p * NR + l);
          first[l] = fused(x0, first_of(column), first[l]);
          second[l] = fused(x1, second_of(column), second[l]);
        }
      }
      for (int l = 0; l < NR; ++l) sum[l] = without_subnormal(sum[l] + without_subnormal(first[l] + second[l]));
    }
  }
};

#if defined(TSLORA_BF16_TARGET)
// Two products at a time (vdpbf16ps), in tiles of registers as in tiles.h.
struct Pairs {
  static constexpr int64_t ROWS = MR;

  template <int R>
  TSLORA_BF16_TARGET static void rows_of(const Bf16Tile& t) {
    __m512 sum[R][2];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sum[r][0] = t.first ? _mm512_setzero_ps() : _mm512_loadu_ps(t.c + r * t.c_row);
      sum[r][1] = t.first ? _mm512_setzero_ps() : _mm512_loadu_ps(t.c + r * t.c_row + VECTOR);
    }
    for (int64_t p = 0; p < t.groups; ++p) {
      const __m512bh w0 = (__m512bh)_mm512_loadu_ps(t.w + p * NR),
                     w1 = (__m512bh)_mm512_loadu_ps(t.w + p * NR + VECTOR);
      __builtin_prefetch(t.w + (p + AHEAD) * NR);
      __builtin_prefetch(t.w + (p + AHEAD) * NR + VECTOR);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const __m512bh x = (__m512bh)_mm512_set1_epi32(static_cast<int>(pair_at(t.a + r * t.a_row + 2 * p)));
        sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, w0);
        sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, w1);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      _mm512_storeu_ps(t.c + r * t.c_row, sum[r][0]);
      _mm512_storeu_ps(t.c + r * t.c_row + VECTOR, sum[r][1]);
    }
  }

  template <int R = MR>
  static void tile(int64_t rows, const Bf16Tile& t) {
    if constexpr (R > 0) {
      if (rows == R)
        rows_of<R>(t);
      else
        tile<R - 1>(rows, t);
    }
  }
};
#endif

#if defined(TSLORA_AMX_TARGET)
// 16 pairs of 16 rows and 16 columns at a time (tdpbf16ps).
struct Blocks {
  static constexpr int64_t ROWS = 2 * AMX_ROWS;

  static void tile(int64_t rows, const Bf16Tile& t) { amx_tile<AmxProduct::BF16>(rows, t); }
};
#endif

// Rounded rows: `groups` pairs in each, and the distance between two rows.
struct Bf16Rows {
  const Bf16* at;
  int64_t row, rows, groups;
};

// Adds x w to the sums of some columns, or writes it. The sums have room for whole panels.
template <typename Method>
void multiply_bf16(const Bf16Rows& x, Packed w, int64_t columns, Sums sums) {
  if (x.rows == 0) return;
  const int64_t tiles = (x.rows + Method::ROWS - 1) / Method::ROWS, height = x.rows / tiles, taller = x.rows % tiles;
  for (int64_t j = 0; j < columns; j += NR) {
    for (int64_t t = 0, i = 0, r = 0; t < tiles; ++t, i += r) {
      r = height + (t < taller ? 1 : 0);
      Method::tile(r, {.a = x.at + i * x.row,
                       .a_row = x.row,
                       .w = w.at + j / NR * w.panel,
                       .groups = x.groups,
                       .c = sums.at + i * sums.row + j,
                       .c_row = sums.row,
                       .first = sums.is_new});
    }
  }
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_BF16_TILES_H_
