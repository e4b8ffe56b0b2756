// Compares the kernels' methods that need AVX512-VNNI, AVX512-BF16 or AMX with those in plain C++, bit for bit. It runs
// in an emulated processor without an operating system (start.S) and writes a line for each comparison to the first
// serial port.
#include <cpuid.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "kernels.h"

namespace tslora {
namespace {

constexpr uint16_t PORT = 0x3F8, LINE_CONTROL = PORT + 3, LINE_STATUS = PORT + 5;
constexpr uint8_t EIGHT_BITS = 3, READY = 0x20;

void out(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

uint8_t in(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

void print(const char* text) {
  for (; *text != 0; ++text) {
    while ((in(LINE_STATUS) & READY) == 0) {
    }
    out(PORT, static_cast<uint8_t>(*text));
  }
}

void print(int64_t number) {
  char digits[24];
  int at = 23;
  digits[at] = 0;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
  } while ((number /= 10) > 0);
  print(digits + at);
}

// Marsaglia's xorshift: the same numbers in every run.
uint32_t draw() {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<uint32_t>(state >> 16);
}

// A number from -2 to 2; in so many percent of draws one of any size, zero, subnormal, the largest, or halfway between
// two numbers of bfloat16.
float number(uint32_t odd_percent) {
  constexpr uint32_t KINDS[] = {0, 0x80000000u, 1, 0x80000100u, 0x00800000u, 0x7F7FFFFFu, 0x3F808000u, 0x3F818000u};
  const uint32_t bits = draw();
  if (bits % 100 >= odd_percent) return static_cast<float>(static_cast<int32_t>(draw()) >> 8) * (1.f / (1 << 22));
  const uint32_t chosen = bits % 3 == 0 ? draw() % 0x7F000000u : KINDS[draw() % 8];
  float odd;
  std::memcpy(&odd, &chosen, sizeof odd);
  return odd;
}

void fill(float* to, int64_t size, uint32_t odd_percent) {
  for (int64_t i = 0; i < size; ++i) to[i] = number(odd_percent);
}

struct Shape {
  int64_t rows, depth, columns;
};

constexpr int64_t MOST_ROWS = PRODUCT_ROWS, MOST_DEPTH = 1600, MOST_COLUMNS = 320, PANEL = 32, STRIDE = 1024;
alignas(64) float x[MOST_ROWS * MOST_DEPTH], w[MOST_COLUMNS * MOST_DEPTH], packed[MOST_COLUMNS * MOST_DEPTH];
alignas(64) float results[2][MOST_ROWS * STRIDE], scratch[1 << 20];
alignas(64) int8_t bytes[2][MOST_COLUMNS * MOST_DEPTH];
float bias[MOST_COLUMNS], scales[2][MOST_COLUMNS], totals[2][MOST_COLUMNS];
int64_t failures = 0;

// Whether both results are the same to the bit, but that a NaN is any NaN.
bool is_same(int64_t rows, int64_t columns, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t c = 0; c < columns; ++c) {
      const float one = results[0][i * stride + c], other = results[1][i * stride + c];
      if (std::memcmp(&one, &other, sizeof one) != 0 && (one == one || other == other)) return false;
    }
  }
  return true;
}

void report(const char* what, Shape shape, bool ok) {
  print(ok ? "ok " : "not ok ");
  print(what);
  for (const int64_t size : {shape.rows, shape.depth, shape.columns}) {
    print(" ");
    print(size);
  }
  print("\n");
  if (!ok) ++failures;
}

void compare_bf16(const char* what, Bf16Method method, Bf16Method emulated) {
  constexpr Shape SHAPES[] = {{1, 1, 1},     {3, 2, 5},     {7, 33, 40},   {15, 64, 32},  {16, 96, 64},
                              {17, 100, 97}, {33, 700, 64}, {56, 800, 70}, {31, 1600, 33}};
  for (const uint32_t odd_percent : {0u, 10u, 20u}) {
    for (const Shape shape : SHAPES) {
      const auto [rows, depth, columns] = shape;
      fill(x, rows * depth, odd_percent);
      fill(w, columns * depth, odd_percent);
      bf16_pack_columns_avx512(w, 1, depth, depth, columns, packed, 0, (columns + PANEL - 1) / PANEL);
      const Factors factors{.x = x, .w = packed, .depth = depth, .bf16 = true};
      for (const bool is_new : {true, false}) {  // the second product is added to the first one
        bf16_multiply_avx512(factors, method, {0, rows, 0, columns}, {results[0], STRIDE, is_new});
        bf16_multiply_avx512(factors, emulated, {0, rows, 0, columns}, {results[1], STRIDE, is_new});
        report(what, shape, is_same(rows, columns, STRIDE));
      }
    }
  }
}

void compare_int8(const char* what, Int8Method method) {
  constexpr Shape SHAPES[] = {{1, 1, 1}, {3, 2, 5}, {13, 31, 33}, {56, 64, 320}, {15, 1541, 35}};
  for (const Shape shape : SHAPES) {
    const auto [rows, depth, columns] = shape;
    fill(x, rows * depth, 0);
    fill(w, columns * depth, 0);
    fill(bias, columns, 0);
    for (int k = 0; k < 2; ++k) {
      const Int8Weights weights{.packed = bytes[k],
                                .scales = scales[k],
                                .totals = totals[k],
                                .depth = depth,
                                .columns = columns,
                                .method = k == 0 ? method : Int8Method::SCALAR};
      int8_pack_avx512(weights, w, int8_layout_avx512(weights.method), bytes[k], scales[k], totals[k], 0,
                       (columns + PANEL - 1) / PANEL);
      Int8Product product{};
      product.x = x;
      product.weights = weights;
      product.bias = bias;
      product.y = results[k];
      int8_product_avx512(product, 0, rows, 0, columns, scratch);
    }
    report(what, shape, is_same(rows, columns, columns));
  }
}

// A bit of cpuid's leaf 7.
enum Register { EAX, EBX, ECX, EDX };
bool has_feature(uint32_t subleaf, Register which, int bit) {
  uint32_t registers[4];
  __cpuid_count(7, subleaf, registers[EAX], registers[EBX], registers[ECX], registers[EDX]);
  return (registers[which] >> bit & 1) != 0;
}

void compare_all() {
  out(LINE_CONTROL, EIGHT_BITS);
  compare_int8("int8, pairs", Int8Method::PAIRS);
  compare_int8("int8, byte-pairs", Int8Method::BYTE_PAIRS);
  if (has_feature(0, ECX, 11))
    compare_int8("int8, quads (AVX512-VNNI)", Int8Method::QUADS);
  else
    print("missing AVX512-VNNI\n");
  compare_int8("int8, emulated blocks", Int8Method::EMULATED_BLOCKS);
  if (has_feature(0, EDX, 24) && has_feature(0, EDX, 25))
    compare_int8("int8, blocks (AMX)", Int8Method::BLOCKS);
  else
    print("missing AMX-INT8\n");
  if (has_feature(1, EAX, 5))
    compare_bf16("bfloat16, pairs (AVX512-BF16)", Bf16Method::PAIRS, Bf16Method::EMULATED_PAIRS);
  else
    print("missing AVX512-BF16\n");
  if (has_feature(0, EDX, 22) && has_feature(0, EDX, 24))
    compare_bf16("bfloat16, blocks (AMX)", Bf16Method::BLOCKS, Bf16Method::EMULATED_BLOCKS);
  else
    print("missing AMX\n");
  print(failures == 0 ? "end\n" : "end with differences\n");
}

}  // namespace
}  // namespace tslora

// The parts of the libraries that the compiled kernels call.
extern "C" {
void* memcpy(void* to, const void* from, size_t size) {
  void* at = to;
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
  return to;
}
void* memset(void* to, int value, size_t size) {
  void* at = to;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
  return to;
}
int memcmp(const void* a, const void* b, size_t size) {
  const uint8_t *one = static_cast<const uint8_t*>(a), *other = static_cast<const uint8_t*>(b);
  for (size_t i = 0; i < size; ++i)
    if (one[i] != other[i]) return one[i] - other[i];
  return 0;
}
// __builtin_cpu_supports reads these, in a kernel that is not called here.
unsigned __cpu_features2[4];
struct {
  unsigned all[4];
} __cpu_model;
int __cpu_indicator_init() { return 0; }

void check() { tslora::compare_all(); }
}
