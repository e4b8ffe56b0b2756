// Matrix products in tiles that are summed in registers (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_TILES_H_
#define TSLORA_TILES_H_

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tslora {
namespace {

// A tile has MR rows and NR columns, which are two vectors. A packed matrix lies in panels of NR columns.
#if defined(__AVX512F__)
constexpr int MR = 14, NR = 32;
#elif defined(__AVX2__)
constexpr int MR = 6, NR = 16;
#else
constexpr int MR = 6, NR = 8;
#endif
constexpr int VECTOR = NR / 2;
constexpr int64_t AHEAD = 64;  // rows of a panel between the row in use and the prefetched row
typedef float Vector __attribute__((vector_size(4 * VECTOR)));
typedef float Loose __attribute__((vector_size(4 * VECTOR), aligned(4)));  // a vector in a matrix, of any alignment

constexpr int64_t round_up(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

// A matrix with its strides: the left side of a product may be stored transposed.
struct Strided {
  const float* at;
  int64_t row, column;
};

// A matrix that a product is added to; none if `at` is null.
struct Start {
  const float* at;
  int64_t row;
};
constexpr Start ZERO{nullptr, 0};

// c [R, NR] = start + a [R, depth] b [depth, NR], b packed. For each row of b it also prefetches `share` numbers of
// `next`, which the caller reads afterwards.
template <int R>
void tile(Strided a, const float* b, int64_t depth, Start start, float* c, int64_t c_row, const float* next,
          int64_t share) {
  Vector sum[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sum[r][0] = start.at == nullptr ? Vector{} : Vector(*reinterpret_cast<const Loose*>(start.at + r * start.row));
    sum[r][1] =
        start.at == nullptr ? Vector{} : Vector(*reinterpret_cast<const Loose*>(start.at + r * start.row + VECTOR));
  }
  for (int64_t p = 0; p < depth; ++p) {
    const Vector b0 = *reinterpret_cast<const Loose*>(b + p * NR);
    const Vector b1 = *reinterpret_cast<const Loose*>(b + p * NR + VECTOR);
    __builtin_prefetch(b + (p + AHEAD) * NR);
    __builtin_prefetch(b + (p + AHEAD) * NR + VECTOR);
    __builtin_prefetch(next + p * share, 0, 2);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float factor = a.at[r * a.row + p * a.column];
      sum[r][0] += factor * b0;
      sum[r][1] += factor * b1;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    *reinterpret_cast<Loose*>(c + r * c_row) = sum[r][0];
    *reinterpret_cast<Loose*>(c + r * c_row + VECTOR) = sum[r][1];
  }
}

using Tile = void (*)(Strided, const float*, int64_t, Start, float*, int64_t, const float*, int64_t);
#if defined(__AVX512F__)
constexpr Tile TILES[MR + 1] = {nullptr, tile<1>, tile<2>,  tile<3>,  tile<4>,  tile<5>,  tile<6>, tile<7>,
                                tile<8>, tile<9>, tile<10>, tile<11>, tile<12>, tile<13>, tile<14>};
#else
constexpr Tile TILES[MR + 1] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>};
#endif

#if defined(__AVX512F__)
// Transposes a block of 16 by 16: to[p * NR + l] = from[l * column + p].
inline void transpose_block(const float* from, int64_t column, float* to) {
  const auto pairs = [](__m512 x, __m512 y, bool high) {
    return _mm512_castpd_ps(high ? _mm512_unpackhi_pd(_mm512_castps_pd(x), _mm512_castps_pd(y))
                                 : _mm512_unpacklo_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
  };
  __m512 four[16];  // four[4 g + k] holds rows k, 4 + k, 8 + k and 12 + k of columns 4 g to 4 g + 3
  for (int g = 0; g < 16; g += 4) {
    const __m512 c0 = _mm512_loadu_ps(from + g * column), c1 = _mm512_loadu_ps(from + (g + 1) * column),
                 c2 = _mm512_loadu_ps(from + (g + 2) * column), c3 = _mm512_loadu_ps(from + (g + 3) * column);
    const __m512 low01 = _mm512_unpacklo_ps(c0, c1), high01 = _mm512_unpackhi_ps(c0, c1),
                 low23 = _mm512_unpacklo_ps(c2, c3), high23 = _mm512_unpackhi_ps(c2, c3);
    four[g] = pairs(low01, low23, false);
    four[g + 1] = pairs(low01, low23, true);
    four[g + 2] = pairs(high01, high23, false);
    four[g + 3] = pairs(high01, high23, true);
  }
  for (int k = 0; k < 4; ++k) {
    const __m512 even01 = _mm512_shuffle_f32x4(four[k], four[4 + k], 0x88),
                 odd01 = _mm512_shuffle_f32x4(four[k], four[4 + k], 0xdd);
    const __m512 even23 = _mm512_shuffle_f32x4(four[8 + k], four[12 + k], 0x88),
                 odd23 = _mm512_shuffle_f32x4(four[8 + k], four[12 + k], 0xdd);
    _mm512_storeu_ps(to + k * NR, _mm512_shuffle_f32x4(even01, even23, 0x88));
    _mm512_storeu_ps(to + (4 + k) * NR, _mm512_shuffle_f32x4(odd01, odd23, 0x88));
    _mm512_storeu_ps(to + (8 + k) * NR, _mm512_shuffle_f32x4(even01, even23, 0xdd));
    _mm512_storeu_ps(to + (12 + k) * NR, _mm512_shuffle_f32x4(odd01, odd23, 0xdd));
  }
}
#endif

// Packs a product's right side for the tiles: b [depth, columns] in panels of NR columns, the last padded with zeros.
void pack(Strided b, int64_t depth, int64_t columns, float* packed) {
  for (int64_t j = 0; j < columns; j += NR) {
    const int64_t n = columns - j < NR ? columns - j : NR;
    float* panel = packed + j * depth;
    if (b.column == 1) {
      for (int64_t p = 0; p < depth; ++p) {
        const float* from = b.at + p * b.row + j;
        for (int64_t l = 0; l < n; ++l) panel[p * NR + l] = from[l];
        for (int64_t l = n; l < NR; ++l) panel[p * NR + l] = 0;
      }
    } else {
      int64_t l = 0;
#if defined(__AVX512F__)
      for (; b.row == 1 && l + 16 <= n; l += 16) {
        const float* from = b.at + (j + l) * b.column;
        int64_t p = 0;
        for (; p + 16 <= depth; p += 16) transpose_block(from + p, b.column, panel + p * NR + l);
        for (; p < depth; ++p) {
          for (int64_t k = 0; k < 16; ++k) panel[p * NR + l + k] = from[k * b.column + p];
        }
      }
#endif
      for (; l < NR; ++l) {
        const float* from = b.at + (j + l) * b.column;
        for (int64_t p = 0; p < depth; ++p) panel[p * NR + l] = l < n ? from[p * b.row] : 0;
      }
    }
  }
}

// A packed right side, or some of its rows. `panel` is the distance from one panel to the next.
struct Packed {
  const float* at;
  int64_t panel;
};

// c [rows, columns] = start + a [rows, depth] b. c has room for `room` columns; those beyond `columns` may be
// overwritten.
void multiply(Strided a, Packed b, int64_t rows, int64_t depth, int64_t columns, int64_t room, Start start, float* c,
              int64_t c_row) {
  if (rows == 0) return;
  const int64_t tiles = (rows + MR - 1) / MR;  // heights differ by at most 1: a low tile is slow
  const int64_t height = rows / tiles, taller = rows % tiles, part = depth * NR / tiles, share = NR / tiles;
  float edge[MR * NR];
  for (int64_t j = 0; j < columns; j += NR) {
    const float* panel = b.at + j / NR * b.panel;
    const bool whole = j + NR <= room;
    const int64_t n = columns - j < NR ? columns - j : NR;
    // Each tile prefetches a share of the next panel; the first would wait for the whole panel.
    for (int64_t t = 0, i = 0, r = 0; t < tiles; ++t, i += r) {
      r = height + (t < taller ? 1 : 0);
      const Strided from{a.at + i * a.row, a.row, a.column};
      const float* next = panel + b.panel + part * t;
      const Start under = start.at == nullptr ? ZERO : Start{start.at + i * start.row + j, start.row};
      float* to = c + i * c_row + j;
      if (whole) {
        TILES[r](from, panel, depth, under, to, c_row, next, share);
        continue;
      }
      TILES[r](from, panel, depth, ZERO, edge, NR, next, share);
      for (int64_t row = 0; row < r; ++row) {
        for (int64_t l = 0; l < n; ++l)
          to[row * c_row + l] = (under.at == nullptr ? 0 : under.at[row * under.row + l]) + edge[row * NR + l];
      }
    }
  }
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_TILES_H_
