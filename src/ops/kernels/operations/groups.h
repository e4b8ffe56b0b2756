// Groups of documents, and the division of attention and token pooling into units of work.
#ifndef TSLORA_GROUPS_H_
#define TSLORA_GROUPS_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "../parallel.h"
#include "call.h"

namespace tslora {

// Documents of one length whose tokens are consecutive rows.
struct Group {
  int32_t first_row, first_document, documents, length;
};

// All groups of a call, each beginning where the one before it ends.
struct Groups {
  std::vector<Group> all;
  int64_t documents = 0, tokens = 0, longest = 0;
};

// Reads groups [groups, 4]. Each group must begin where the one before it ends, so that no two units of work write to
// one place and no row is left out; otherwise returns false, with an error.
bool read_groups(Call& call, TF_Tensor* layout, Groups& groups);

// Calls compute_unit for each unit of work, on several threads, with scratch memory for `numbers` numbers.
template <typename Whole, typename Unit>
void each_unit(Call& call, const std::vector<Unit>& units, const Whole& whole, int64_t numbers,
               void (*compute_unit)(const Whole&, const Unit&, float*)) {
  std::atomic<bool> failed{false};
  parallel_parts(static_cast<int64_t>(units.size()), [&](int64_t part) {
    float* scratch = scratch_of(numbers);
    if (scratch == nullptr)
      failed = true;
    else
      compute_unit(whole, units[static_cast<size_t>(part)], scratch);
  });
  if (failed) call.out_of_memory();
}

}  // namespace tslora

#endif  // TSLORA_GROUPS_H_
