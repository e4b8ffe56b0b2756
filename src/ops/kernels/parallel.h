// Rows of work over the processor's cores.
#ifndef TSLORA_PARALLEL_H_
#define TSLORA_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace tslora {

// On how many threads, the caller's among them, the two below work.
int parallel_threads();

// Calls body(begin, end) until [0, rows) is done, on as many threads as TensorFlow takes for one operation. Rows of
// `cost` numbers each; little work stays on the caller's thread. What a row becomes does not depend on the threads.
void parallel_rows(int64_t rows, int64_t cost, const std::function<void(int64_t, int64_t)>& body);

// Calls body(part) for every part, the first ones first, on as many threads.
void parallel_parts(int64_t parts, const std::function<void(int64_t)>& body);

}  // namespace tslora

#endif  // TSLORA_PARALLEL_H_
