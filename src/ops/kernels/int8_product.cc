// Compiled once for each instruction set, as kernels.cc is.
#include <cstring>

#include "int8_tiles.h"
#include "kernels.h"
#include "streaming.h"
#include "tiles.h"

namespace tslora {

namespace {

constexpr int64_t DEPTH = 1536;   // of one pass: a panel and a tile's rows fit in the cache
constexpr int64_t COLUMNS = 384;  // of one pass: the sums stay in the cache
constexpr int64_t LINE = 16;      // numbers in a cache line
constexpr int64_t BLOCK = COLUMNS + LINE;
constexpr int64_t AHEAD_ROWS = 2;
static_assert(PRODUCT_COLUMNS % COLUMNS == 0 && COLUMNS % NR == 0 && DEPTH % AMX_BYTES == 0, "whole panels and groups");

inline Int8Row quantize_row(const float* x, int64_t depth, int64_t padded, uint8_t* u) {
  return TSLORA_OWN(int8_quantize)(x, depth, padded, u);
}
inline Int8Row quantize_row(const float* x, int64_t depth, int64_t padded, int16_t* u) {
  return TSLORA_OWN(int8_quantize_wide)(x, depth, padded, u);
}

// Rows were written past the cache: those that follow are fetched while a row is rounded.
inline void prefetch(const float* row, int64_t size) {
  for (int64_t i = 0; i < size; i += LINE) __builtin_prefetch(row + i);
}

// The distance between two quantized rows: not a multiple of a page.
constexpr int64_t row_stride(int64_t depth) { return round_up(depth, 64) + 32; }

// Sums of all rows and of columns [column, column + width): u w.
template <typename Method>
void sum_products(const typename Method::Side* u, int64_t stride, int64_t rows, const Int8Weights& weights,
                  int64_t column, int64_t width, int32_t* sums) {
  constexpr int64_t GROUP = Method::GROUP, ROWS = Method::ROWS;
  const int64_t padded = round_up(weights.depth, Method::PADDING);
  const int64_t tiles = (rows + ROWS - 1) / ROWS, height = rows / tiles, taller = rows % tiles;
  for (int64_t p = 0; p < padded; p += DEPTH) {
    const int64_t some = padded - p < DEPTH ? padded - p : DEPTH;
    for (int64_t j = 0; j < width; j += NR) {
      const int8_t* panel = weights.packed + (column + j) * padded + p * NR;
      for (int64_t t = 0, i = 0, r = 0; t < tiles; ++t, i += r) {
        r = height + (t < taller ? 1 : 0);
        tile_of<Method>(r, {u + i * stride + p, stride, panel, some / GROUP, sums + i * BLOCK + j, BLOCK, p == 0});
      }
    }
  }
}

template <typename Method>
void multiply_rows(const Int8Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column,
                   float* scratch) {
  typedef typename Method::Side Side;
  alignas(64) thread_local int32_t sums[PRODUCT_ROWS * BLOCK];
  alignas(64) thread_local float block[PRODUCT_ROWS * BLOCK];
  const Int8Weights& weights = product.weights;
  const int64_t depth = weights.depth, rows = end_row - row, stride = row_stride(depth);
  Side* u = reinterpret_cast<Side*>(scratch);
  Int8Row quantized[PRODUCT_ROWS];
  for (int64_t i = 0; i < rows; ++i) {
    const float* x = product.x + (row + i) * depth;
    prefetch(x + AHEAD_ROWS * depth, i + AHEAD_ROWS < rows ? depth : 0);
    quantized[i] = quantize_row(x, depth, round_up(depth, Method::PADDING), u + i * stride);
  }
  for (int64_t j = column; j < end_column; j += COLUMNS) {
    const int64_t width = end_column - j < COLUMNS ? end_column - j : COLUMNS;
    sum_products<Method>(u, stride, rows, weights, j, width, sums);
    for (int64_t i = 0; i < rows; ++i) TSLORA_OWN(int8_dequantize)
    (sums + i * BLOCK, quantized[i], weights.scales + j, weights.totals + j, product.bias + j, width,
     block + i * BLOCK);
    const Factors& low = product.low;
    if (low.depth > 0)
      multiply({low.x + row * low.depth, low.depth, 1}, {low.w + j * low.depth, low.depth * NR}, rows, low.depth, width,
               COLUMNS, {block, BLOCK}, block, BLOCK);
    for (int64_t i = 0; i < rows; ++i) {
      float* y = block + i * BLOCK;
      const int64_t at = (row + i) * weights.columns + j;
      add(product.plus == nullptr ? nullptr : product.plus + at, y, width);
      if (product.activation != Activation::NONE) TSLORA_OWN(activate)(product.activation, y, y, nullptr, 0, width);
      put(y, width, product.y + at);
    }
  }
  put_all();
}

}  // namespace

int TSLORA_OWN(int8_methods)() {
  int methods = 1 << static_cast<int>(Int8Method::SCALAR) | 1 << static_cast<int>(Int8Method::EMULATED_QUADS) |
                1 << static_cast<int>(Int8Method::EMULATED_BLOCKS);
#if defined(__x86_64__)
  methods |= 1 << static_cast<int>(Int8Method::PAIRS);
#endif
#if defined(__AVX2__)
  methods |= 1 << static_cast<int>(Int8Method::BYTE_PAIRS);
#endif
#if defined(TSLORA_DOT_TARGET) && defined(__AVX512F__)
  if (__builtin_cpu_supports("avx512vnni")) methods |= 1 << static_cast<int>(Int8Method::QUADS);
#elif defined(TSLORA_DOT_TARGET)
  if (__builtin_cpu_supports("avxvnni")) methods |= 1 << static_cast<int>(Int8Method::QUADS);
#endif
#if defined(TSLORA_AMX_TARGET)
  methods |= 1 << static_cast<int>(Int8Method::BLOCKS);  // operations/int8.cc asks the processor and the system
#endif
  return methods;
}

Int8Layout TSLORA_OWN(int8_layout)(Int8Method method) {
  switch (method) {
    case Int8Method::SCALAR:
      return {Scalar::GROUP, Scalar::PADDING};
    case Int8Method::PAIRS:
      return {2, 2};
    case Int8Method::BLOCKS:
    case Int8Method::EMULATED_BLOCKS:
      return {EmulatedBlocks::GROUP, EmulatedBlocks::PADDING};
    default:
      return {EmulatedQuads::GROUP, EmulatedQuads::PADDING};
  }
}

int64_t TSLORA_OWN(int8_scratch)(int64_t depth) {
  return PRODUCT_ROWS * row_stride(depth) / 2 + LINE;  // 16-bit numbers in floats
}

void TSLORA_OWN(int8_product)(const Int8Product& product, int64_t row, int64_t end_row, int64_t column,
                              int64_t end_column, float* scratch) {
  switch (product.weights.method) {
    case Int8Method::SCALAR:
      return multiply_rows<Scalar>(product, row, end_row, column, end_column, scratch);
    case Int8Method::EMULATED_QUADS:
      return multiply_rows<EmulatedQuads>(product, row, end_row, column, end_column, scratch);
    case Int8Method::EMULATED_BLOCKS:
      return multiply_rows<EmulatedBlocks>(product, row, end_row, column, end_column, scratch);
#if defined(__x86_64__)
    case Int8Method::PAIRS:
      return multiply_rows<Pairs>(product, row, end_row, column, end_column, scratch);
#endif
#if defined(__AVX2__)
    case Int8Method::BYTE_PAIRS:
      return multiply_rows<BytePairs>(product, row, end_row, column, end_column, scratch);
#endif
#if defined(TSLORA_DOT_TARGET)
    case Int8Method::QUADS:
      return multiply_rows<Quads>(product, row, end_row, column, end_column, scratch);
#endif
#if defined(TSLORA_AMX_TARGET)
    case Int8Method::BLOCKS:
      return multiply_rows<Blocks>(product, row, end_row, column, end_column, scratch);
#endif
    default:
      return;  // operations/int8.cc lets no other method through
  }
}

}  // namespace tslora
