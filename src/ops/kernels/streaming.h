// Rows of a finished product: sums, and writes past the cache. In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_STREAMING_H_
#define TSLORA_STREAMING_H_

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tslora {
namespace {

// sum += part, if there is one.
inline void add(const float* part, float* sum, int64_t size) {
  if (part == nullptr) return;
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) sum[i] += part[i];
}

// Writes past the cache, if the instruction set can. A large result would leave the cache before it is read, and a
// streaming store need not read the cache line first.
inline void put(const float* from, int64_t size, float* to) {
  int64_t i = 0;
#if defined(__AVX512F__)
  if (reinterpret_cast<uintptr_t>(to) % 64 == 0)
    for (; i + 16 <= size; i += 16) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
#elif defined(__AVX2__)
  if (reinterpret_cast<uintptr_t>(to) % 32 == 0)
    for (; i + 8 <= size; i += 8) _mm256_stream_ps(to + i, _mm256_loadu_ps(from + i));
#endif
  for (; i < size; ++i) to[i] = from[i];
}

// Waits until all writes past the cache are visible to other threads.
inline void put_all() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_STREAMING_H_
