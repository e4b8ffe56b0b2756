// Products by the registers of AMX, which hold 16 rows of 64 bytes each. In an anonymous namespace, for the reason in
// math.h.
#ifndef TSLORA_AMX_H_
#define TSLORA_AMX_H_

#include <cstdint>
#include <cstring>

#include "tiles.h"

// The compilers that know the instructions.
#if defined(__AVX512F__) && defined(__linux__) && (defined(__clang__) || __GNUC__ >= 11)
#define TSLORA_AMX_TARGET __attribute__((target("amx-tile,amx-bf16,amx-int8")))
#endif

namespace tslora {
namespace {

constexpr int64_t AMX_ROWS = 16, AMX_COLUMNS = 16, AMX_BYTES = 64;
constexpr int64_t AMX_GROUPS = AMX_BYTES / 4;  // a register's row holds 16 groups of 4 bytes, which are summed together

#if defined(TSLORA_AMX_TARGET)
// The registers for up to 32 rows and 32 columns: 0 to 3 hold sums, 4 and 5 rows on the left, 6 and 7 columns.
struct alignas(64) AmxShapes {
  uint8_t palette = 1, start = 0, unused[14] = {};
  uint16_t row_bytes[16] = {AMX_BYTES, AMX_BYTES, AMX_BYTES, AMX_BYTES, AMX_BYTES, AMX_BYTES, AMX_BYTES, AMX_BYTES};
  uint8_t rows[16] = {};

  explicit AmxShapes(int64_t count) {
    const uint8_t upper = static_cast<uint8_t>(count < AMX_ROWS ? count : AMX_ROWS);
    const uint8_t lower = static_cast<uint8_t>(count > AMX_ROWS ? count - AMX_ROWS : 1);
    const uint8_t all[8] = {upper, upper, lower, lower, upper, lower, AMX_GROUPS, AMX_GROUPS};
    std::memcpy(rows, all, sizeof all);
  }
};
static_assert(sizeof(AmxShapes) == 64, "as ldtilecfg reads it");

// The instruction that multiplies two registers: pairs of bfloat16 (tdpbf16ps), or four unsigned and four signed 8-bit
// integers (tdpbusd).
enum class AmxProduct { BF16, INT8 };

// A macro, since the compiler takes only literals as numbers of registers.
#define TSLORA_AMX_PRODUCT(instruction, sums, rows, columns)                            \
  do {                                                                                  \
    if constexpr (instruction == AmxProduct::BF16) _tile_dpbf16ps(sums, rows, columns); \
    if constexpr (instruction == AmxProduct::INT8) _tile_dpbusd(sums, rows, columns);   \
  } while (false)

// A method's tile, Bf16Tile or Int8Tile: rows `a` times a panel of NR columns, both in groups of 4 bytes. `groups` is a
// multiple of AMX_GROUPS. Adds to c, whose numbers take 4 bytes, or writes c if `first`.
template <AmxProduct PRODUCT, typename Tile>
TSLORA_AMX_TARGET void amx_tile(int64_t rows, const Tile& t) {
  static_assert(NR == 2 * AMX_COLUMNS, "a panel is two registers wide");
  constexpr size_t W_ROW = 2 * AMX_BYTES;
  const AmxShapes shapes(rows);
  _tile_loadconfig(&shapes);
  const bool tall = rows > AMX_ROWS;
  const auto *a = reinterpret_cast<const char*>(t.a), *w = reinterpret_cast<const char*>(t.w);
  auto* c = reinterpret_cast<char*>(t.c);
  const size_t a_row = static_cast<size_t>(t.a_row) * sizeof *t.a, c_row = static_cast<size_t>(t.c_row) * sizeof *t.c;
  const char* a_lower = a + AMX_ROWS * a_row;
  char* c_lower = c + AMX_ROWS * c_row;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  if (!t.first) {
    _tile_loadd(0, c, c_row);
    _tile_loadd(1, c + AMX_BYTES, c_row);
    if (tall) {
      _tile_loadd(2, c_lower, c_row);
      _tile_loadd(3, c_lower + AMX_BYTES, c_row);
    }
  }
  for (int64_t g = 0; g < t.groups; g += AMX_GROUPS) {
    _tile_loadd(6, w + g * static_cast<int64_t>(W_ROW), W_ROW);
    _tile_loadd(7, w + g * static_cast<int64_t>(W_ROW) + AMX_BYTES, W_ROW);
    _tile_loadd(4, a + 4 * g, a_row);
    TSLORA_AMX_PRODUCT(PRODUCT, 0, 4, 6);
    TSLORA_AMX_PRODUCT(PRODUCT, 1, 4, 7);
    if (tall) {
      _tile_loadd(5, a_lower + 4 * g, a_row);
      TSLORA_AMX_PRODUCT(PRODUCT, 2, 5, 6);
      TSLORA_AMX_PRODUCT(PRODUCT, 3, 5, 7);
    }
  }
  _tile_stored(0, c, c_row);
  _tile_stored(1, c + AMX_BYTES, c_row);
  if (tall) {
    _tile_stored(2, c_lower, c_row);
    _tile_stored(3, c_lower + AMX_BYTES, c_row);
  }
  _tile_release();
}
#undef TSLORA_AMX_PRODUCT
#endif

}  // namespace
}  // namespace tslora

#endif  // TSLORA_AMX_H_
