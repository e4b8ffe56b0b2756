// Products of 8-bit integers in tiles of registers, summed exactly in 32 bits: u w, with u from 0 to 255 and w from
// -127 to 127. No step saturates. In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_INT8_TILES_H_
#define TSLORA_INT8_TILES_H_

#include <cstring>

#include "amx.h"
#include "kernels.h"
#include "tiles.h"

#if defined(__AVX512F__)
#define TSLORA_DOT_TARGET __attribute__((target("avx512vnni")))
#elif defined(__AVX2__) && __GNUC__ >= 11 && !defined(__clang__)
#define TSLORA_DOT_TARGET __attribute__((target("avxvnni")))
#endif

namespace tslora {
namespace {

// One tile: rows `a`, `a_row` apart, times a panel of `groups` groups of rows. Adds to c, or writes c if `first`.
template <typename Side>
struct Int8Tile {
  const Side* a;
  int64_t a_row;
  const int8_t* w;
  int64_t groups;
  int32_t* c;
  int64_t c_row;
  bool first;
};

// Each method has a tile of up to ROWS rows and NR columns. A panel holds GROUP rows of a column side by side:
// [groups, NR, GROUP]; the depth is padded to a multiple of PADDING. Side is the type of u in memory.
// A tile is a template of its height, or takes any if ANY_HEIGHT.

// The definition: one product after the other. The other methods must give the same numbers.
struct Scalar {
  static constexpr int GROUP = 1, PADDING = 1, ROWS = 6;
  static constexpr bool ANY_HEIGHT = false;
  typedef uint8_t Side;

  template <int R>
  static void tile(const Int8Tile<Side>& t) {
    for (int r = 0; r < R; ++r) {
      for (int l = 0; l < NR; ++l) {
        int32_t sum = t.first ? 0 : t.c[r * t.c_row + l];
        for (int64_t p = 0; p < t.groups; ++p) sum += int32_t{t.a[r * t.a_row + p]} * int32_t{t.w[p * NR + l]};
        t.c[r * t.c_row + l] = sum;
      }
    }
  }
};

// The result of an instruction that sums four products (vpdpbusd), in plain C++.
struct EmulatedQuads {
  static constexpr int GROUP = 4, PADDING = GROUP, ROWS = MR;
  static constexpr bool ANY_HEIGHT = false;
  typedef uint8_t Side;

  template <int R>
  static void tile(const Int8Tile<Side>& t) {
    int32_t sum[R][NR];
    for (int r = 0; r < R; ++r)
      for (int l = 0; l < NR; ++l) sum[r][l] = t.first ? 0 : t.c[r * t.c_row + l];
    for (int64_t p = 0; p < t.groups; ++p) {
      for (int r = 0; r < R; ++r) {
        const Side* u = t.a + r * t.a_row + 4 * p;
        for (int l = 0; l < NR; ++l) {
          const int8_t* w = t.w + (p * NR + l) * 4;
          sum[r][l] += u[0] * w[0] + u[1] * w[1] + u[2] * w[2] + u[3] * w[3];
        }
      }
    }
    for (int r = 0; r < R; ++r)
      for (int l = 0; l < NR; ++l) t.c[r * t.c_row + l] = sum[r][l];
  }
};

// The layout and the sums of Blocks.
struct EmulatedBlocks : EmulatedQuads {
  static constexpr int PADDING = AMX_BYTES;
};

#if defined(__x86_64__)
// Two vectors of 32-bit sums are the NR columns of a tile.
#if defined(__AVX512F__)
typedef __m512i Sums;
inline Sums sums_at(const int32_t* at) { return _mm512_loadu_si512(at); }
inline void put_sums(int32_t* at, Sums sums) { _mm512_storeu_si512(at, sums); }
inline Sums no_sums() { return _mm512_setzero_si512(); }
inline Sums repeated(int32_t bits) { return _mm512_set1_epi32(bits); }
// Pairs of weights, widened to 16 bits: 16 columns.
inline Sums widened(const int8_t* w) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
}
inline Sums add_pairs(Sums sums, Sums u, Sums w) { return _mm512_add_epi32(sums, _mm512_madd_epi16(u, w)); }
TSLORA_DOT_TARGET inline Sums add_quads(Sums sums, Sums u, Sums w) { return _mm512_dpbusd_epi32(sums, u, w); }
#elif defined(__AVX2__)
typedef __m256i Sums;
inline Sums sums_at(const int32_t* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }
inline void put_sums(int32_t* at, Sums sums) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), sums); }
inline Sums no_sums() { return _mm256_setzero_si256(); }
inline Sums repeated(int32_t bits) { return _mm256_set1_epi32(bits); }
inline Sums widened(const int8_t* w) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
}
inline Sums add_pairs(Sums sums, Sums u, Sums w) { return _mm256_add_epi32(sums, _mm256_madd_epi16(u, w)); }
#if defined(TSLORA_DOT_TARGET)
TSLORA_DOT_TARGET inline Sums add_quads(Sums sums, Sums u, Sums w) { return _mm256_dpbusd_avx_epi32(sums, u, w); }
#endif
#else
typedef __m128i Sums;
inline Sums sums_at(const int32_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline void put_sums(int32_t* at, Sums sums) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at), sums); }
inline Sums no_sums() { return _mm_setzero_si128(); }
inline Sums repeated(int32_t bits) { return _mm_set1_epi32(bits); }
inline Sums widened(const int8_t* w) {
  const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(w));
  return _mm_srai_epi16(_mm_unpacklo_epi8(eight, eight), 8);
}
inline Sums add_pairs(Sums sums, Sums u, Sums w) { return _mm_add_epi32(sums, _mm_madd_epi16(u, w)); }
#endif

// Products of 16-bit integers, summed two by two in 32 bits (vpmaddwd): at most 2 * 255 * 127, so nothing saturates.
struct Pairs {
  static constexpr int GROUP = 2, PADDING = GROUP, ROWS = MR;
  static constexpr bool ANY_HEIGHT = false;
  typedef int16_t Side;

  template <int R>
  static void tile(const Int8Tile<Side>& t) {
    Sums sum[R][2];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sum[r][0] = t.first ? no_sums() : sums_at(t.c + r * t.c_row);
      sum[r][1] = t.first ? no_sums() : sums_at(t.c + r * t.c_row + VECTOR);
    }
    const Side* a = t.a;
    const int8_t* w = t.w;
    for (int64_t p = 0; p < t.groups; ++p, a += 2, w += 2 * NR) {
      const Sums w0 = widened(w), w1 = widened(w + NR);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        int32_t pair;
        std::memcpy(&pair, a + r * t.a_row, sizeof pair);
        const Sums u = repeated(pair);
        sum[r][0] = add_pairs(sum[r][0], u, w0);
        sum[r][1] = add_pairs(sum[r][1], u, w1);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      put_sums(t.c + r * t.c_row, sum[r][0]);
      put_sums(t.c + r * t.c_row + VECTOR, sum[r][1]);
    }
  }
};

#if defined(__AVX2__)
#if defined(__AVX512F__)
inline Sums add_byte_pairs(Sums sums, Sums u, Sums w) {
  return _mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_maddubs_epi16(u, w), _mm512_set1_epi16(1)));
}
#else
inline Sums add_byte_pairs(Sums sums, Sums u, Sums w) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(u, w), _mm256_set1_epi16(1)));
}
#endif

// Products of 8-bit integers, summed two by two in 16 bits (vpmaddubsw), then in 32. That instruction saturates, but
// not here: 255 * MOST_PAIR is below 2^15.
struct BytePairs {
  static constexpr int GROUP = 4, PADDING = GROUP, ROWS = MR;
  static constexpr bool ANY_HEIGHT = false;
  typedef uint8_t Side;
  static_assert(255 * MOST_PAIR < 32768, "the sum of two products fits in 16 bits");

  template <int R>
  static void tile(const Int8Tile<Side>& t) {
    Sums sum[R][2];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sum[r][0] = t.first ? no_sums() : sums_at(t.c + r * t.c_row);
      sum[r][1] = t.first ? no_sums() : sums_at(t.c + r * t.c_row + VECTOR);
    }
    const Side* a = t.a;
    const int8_t* w = t.w;
    for (int64_t p = 0; p < t.groups; ++p, a += 4, w += 4 * NR) {
      Sums w0, w1;
      std::memcpy(&w0, w, sizeof w0);
      std::memcpy(&w1, w + 2 * NR, sizeof w1);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        int32_t quad;
        std::memcpy(&quad, a + r * t.a_row, sizeof quad);
        const Sums u = repeated(quad);
        sum[r][0] = add_byte_pairs(sum[r][0], u, w0);
        sum[r][1] = add_byte_pairs(sum[r][1], u, w1);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      put_sums(t.c + r * t.c_row, sum[r][0]);
      put_sums(t.c + r * t.c_row + VECTOR, sum[r][1]);
    }
  }
};
#endif

#if defined(TSLORA_DOT_TARGET)
// Products of 8-bit integers, summed four by four in 32 bits (vpdpbusd, which does not saturate).
struct Quads {
  static constexpr int GROUP = 4, PADDING = GROUP, ROWS = MR;
  static constexpr bool ANY_HEIGHT = false;
  typedef uint8_t Side;

  template <int R>
  TSLORA_DOT_TARGET static void tile(const Int8Tile<Side>& t) {
    Sums sum[R][2];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sum[r][0] = t.first ? no_sums() : sums_at(t.c + r * t.c_row);
      sum[r][1] = t.first ? no_sums() : sums_at(t.c + r * t.c_row + VECTOR);
    }
    const Side* a = t.a;
    const int8_t* w = t.w;
    for (int64_t p = 0; p < t.groups; ++p, a += 4, w += 4 * NR) {
      Sums w0, w1;
      std::memcpy(&w0, w, sizeof w0);
      std::memcpy(&w1, w + 2 * NR, sizeof w1);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        int32_t quad;
        std::memcpy(&quad, a + r * t.a_row, sizeof quad);
        const Sums u = repeated(quad);
        sum[r][0] = add_quads(sum[r][0], u, w0);
        sum[r][1] = add_quads(sum[r][1], u, w1);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      put_sums(t.c + r * t.c_row, sum[r][0]);
      put_sums(t.c + r * t.c_row + VECTOR, sum[r][1]);
    }
  }
};
#endif
#endif

#if defined(TSLORA_AMX_TARGET)
// Products of 8-bit integers, 16 groups of four of 16 rows and 16 columns at a time (tdpbusd, which does not saturate).
struct Blocks {
  static constexpr int GROUP = 4, PADDING = AMX_BYTES, ROWS = 2 * AMX_ROWS;
  static constexpr bool ANY_HEIGHT = true;
  typedef uint8_t Side;

  static void tile(int64_t rows, const Int8Tile<Side>& t) { amx_tile<AmxProduct::INT8>(rows, t); }
};
#endif

// Calls the tile of `rows` rows.
template <typename Method, int R = Method::ROWS>
inline void tile_of(int64_t rows, const Int8Tile<typename Method::Side>& t) {
  if constexpr (Method::ANY_HEIGHT) {
    Method::tile(rows, t);
  } else if constexpr (R > 0) {
    if (rows == R)
      Method::template tile<R>(t);
    else
      tile_of<Method, R - 1>(rows, t);
  }
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_INT8_TILES_H_
