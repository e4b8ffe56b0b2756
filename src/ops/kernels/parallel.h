// Shares out work over the processor's cores.
#ifndef TSLORA_PARALLEL_H_
#define TSLORA_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace tslora {

// Number of threads, the caller's included, that the next two use: as many as TensorFlow uses for one operation.
int parallel_threads();

// Calls body(begin, end) for parts of [0, rows), on several threads. `cost` is the work of one row, in numbers; a small
// amount of work stays on the caller's thread. The result of a row must not depend on the parts.
void parallel_rows(int64_t rows, int64_t cost, const std::function<void(int64_t, int64_t)>& body);

// Calls body(part) for every part, in order, on several threads.
void parallel_parts(int64_t parts, const std::function<void(int64_t)>& body);

}  // namespace tslora

#endif  // TSLORA_PARALLEL_H_
