// Products of matrices rounded to bfloat16. Compiled once for each instruction set, as kernels.cc is.
#include "bf16_tiles.h"
#include "kernels.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t DEPTH = 768;          // of one pass: a panel and the rounded rows fit in the cache
constexpr int64_t STRIDE = DEPTH + 32;  // of rounded rows: no two lie a page apart
static_assert(DEPTH % BF16_DEPTH == 0, "a pass has whole groups");

// Rounds a row to bfloat16, padded with zeros. Compilers turn the loop into vectors.
inline void round_row(const float* x, int64_t size, int64_t padded, Bf16* to) {
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) to[i] = rounded(x[i]);
  for (int64_t i = size; i < padded; ++i) to[i] = 0;
}

template <typename Method>
void multiply_block(const Factors& factors, const ProductBlock& block, Sums sums) {
  alignas(64) thread_local Bf16 x[PRODUCT_ROWS * STRIDE];
  const int64_t depth = factors.depth, padded = round_up(depth, BF16_DEPTH), panel = padded / 2 * NR;
  const float* w = factors.w + block.column / NR * panel;
  for (int64_t p = 0; p < padded; p += DEPTH) {
    const int64_t some = padded - p < DEPTH ? padded - p : DEPTH, given = depth - p < some ? depth - p : some;
    for (int64_t i = 0; i < block.rows; ++i)
      round_row(factors.x + (block.row + i) * depth + p, given, some, x + i * STRIDE);
    multiply_bf16<Method>({x, STRIDE, block.rows, some / 2}, {w + p / 2 * NR, panel}, block.columns, sums);
    sums.is_new = false;
  }
}

}  // namespace

int TSLORA_OWN(bf16_methods)() {
  int methods = 1 << static_cast<int>(Bf16Method::EMULATED_PAIRS) | 1 << static_cast<int>(Bf16Method::EMULATED_BLOCKS);
#if defined(TSLORA_BF16_TARGET)
  methods |= 1 << static_cast<int>(Bf16Method::PAIRS);
#endif
#if defined(TSLORA_AMX_TARGET)
  methods |= 1 << static_cast<int>(Bf16Method::BLOCKS);
#endif
  return methods;
}

void TSLORA_OWN(bf16_pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns,
                                   float* packed, int64_t begin, int64_t end) {
  const int64_t groups = round_up(depth, BF16_DEPTH) / 2;
  const auto number = [&](int64_t k, int64_t c) {
    return k < depth && c < columns ? rounded(w[k * row + c * column]) : Bf16{0};
  };
  for (int64_t panel = begin; panel < end; ++panel) {
    float* to = packed + panel * groups * NR;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t l = 0; l < NR; ++l)
        to[g * NR + l] = joined(number(2 * g, panel * NR + l), number(2 * g + 1, panel * NR + l));
  }
}

// Adds a block of a product to its sums, or writes it.
void TSLORA_OWN(bf16_multiply)(const Factors& factors, Bf16Method method, const ProductBlock& block, Sums sums) {
  switch (method) {
#if defined(TSLORA_BF16_TARGET)
    case Bf16Method::PAIRS:
      return multiply_block<Pairs>(factors, block, sums);
#endif
#if defined(TSLORA_AMX_TARGET)
    case Bf16Method::BLOCKS:
      return multiply_block<Blocks>(factors, block, sums);
#endif
    case Bf16Method::EMULATED_PAIRS:
      return multiply_block<Emulated<PairOrder>>(factors, block, sums);
    case Bf16Method::EMULATED_BLOCKS:
      return multiply_block<Emulated<BlockOrder>>(factors, block, sums);
    default:
      return;  // operations/product.cc lets no other method through
  }
}

}  // namespace tslora
