// Compiled once for each set of instructions, as kernels.cc is.
#include "kernels.h"
#include "numbers.h"

namespace tslora {
namespace {

// A tile of a product that is summed up in registers: MR rows of NR columns, NR being two vectors.
#if defined(__AVX512F__)
constexpr int VECTOR = 16, MR = 14;
#elif defined(__AVX2__)
constexpr int VECTOR = 8, MR = 6;
#else
constexpr int VECTOR = 4, MR = 6;
#endif
constexpr int NR = 2 * VECTOR;
constexpr int64_t BLOCK = 56 / MR * MR;  // queries at a time, a multiple of MR: their scores fit into the cache
typedef float Vector __attribute__((vector_size(4 * VECTOR)));
typedef float Loose __attribute__((vector_size(4 * VECTOR), aligned(4)));  // as it lies in a matrix

inline int64_t round_up(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

// A matrix by its strides: a product's left side may be a transposed one.
struct Strided {
  const float* at;
  int64_t row, column;
};

// c [R, NR] = (add ? c : 0) + a [R, depth] b [depth, NR], b packed.
template <int R>
void tile(Strided a, const float* b, int64_t depth, float* c, int64_t c_row, bool add) {
  Vector sum[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sum[r][0] = add ? Vector(*reinterpret_cast<const Loose*>(c + r * c_row)) : Vector{};
    sum[r][1] = add ? Vector(*reinterpret_cast<const Loose*>(c + r * c_row + VECTOR)) : Vector{};
  }
  for (int64_t p = 0; p < depth; ++p) {
    const Vector b0 = *reinterpret_cast<const Loose*>(b + p * NR);
    const Vector b1 = *reinterpret_cast<const Loose*>(b + p * NR + VECTOR);
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

using Tile = void (*)(Strided, const float*, int64_t, float*, int64_t, bool);
#if defined(__AVX512F__)
constexpr Tile TILES[MR + 1] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>, tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>, tile<13>, tile<14>};
#else
constexpr Tile TILES[MR + 1] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>};
#endif

// The right side of a product as tiles want it: b [depth, columns] in panels of NR columns, the last filled with zeros.
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
      for (int64_t l = 0; l < NR; ++l) {
        const float* from = b.at + (j + l) * b.column;
        for (int64_t p = 0; p < depth; ++p) panel[p * NR + l] = l < n ? from[p * b.row] : 0;
      }
    }
  }
}

// c [rows, columns] = (add ? c : 0) + a [rows, depth] b; c may hold `room` columns, of which those beyond `columns` may be written.
void multiply(Strided a, const float* packed, int64_t rows, int64_t depth, int64_t columns, int64_t room, float* c, int64_t c_row, bool add) {
  float edge[MR * NR];
  for (int64_t j = 0; j < columns; j += NR) {
    const float* panel = packed + j * depth;
    const bool whole = j + NR <= room;
    const int64_t n = columns - j < NR ? columns - j : NR;
    for (int64_t i = 0; i < rows; i += MR) {
      const int64_t r = rows - i < MR ? rows - i : MR;
      const Strided from{a.at + i * a.row, a.row, a.column};
      float* to = c + i * c_row + j;
      if (whole) {
        TILES[r](from, panel, depth, to, c_row, add);
        continue;
      }
      TILES[r](from, panel, depth, edge, NR, false);
      for (int64_t row = 0; row < r; ++row) {
        for (int64_t l = 0; l < n; ++l) to[row * c_row + l] = (add ? to[row * c_row + l] : 0) + edge[row * NR + l];
      }
    }
  }
}

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
    multiply({attention.q + at, width, 1}, k_packed, rows, d, keys, columns, scores, columns, false);
    for (int64_t row = 0; row < rows; ++row) {
      float* weights = attention.weights == nullptr ? nullptr : attention.weights + head.weights_at + (first + row) * keys;
      sums[row] = softmax_row(scores + row * columns, attention.scale, keys, weights, mask, head.first_draw + first + row);
    }
    multiply({scores, columns, 1}, v_packed, rows, keys, d, d, attention.y + at, width, false);
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
    multiply({dy, width, 1}, v_packed, rows, d, keys, columns, d_scores, columns, false);
    for (int64_t row = 0; row < rows; ++row) {
      const float* y = attention.y + at + row * width;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < d; ++i) sum += dy[row * width + i] * y[i];
      softmax_row_backward(d_scores + row * columns, attention.scale, factor, sum, keys, attention.weights + head.weights_at + (first + row) * keys, kept + row * columns);
    }
    multiply({d_scores, columns, 1}, k_packed, rows, keys, d, d, attention.dq + at, width, false);
    pack({dy, width, 1}, rows, d, dy_packed);
    multiply({kept, 1, columns}, dy_packed, keys, rows, d, d, attention.dv + at_keys, width, first > 0);
    if (attention.dk == nullptr) continue;
    pack({attention.q + at, width, 1}, rows, d, q_packed);
    multiply({d_scores, 1, columns}, q_packed, keys, rows, d, d, attention.dk + at_keys, width, first > 0);
  }
}

}  // namespace tslora
