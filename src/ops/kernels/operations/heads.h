// The division of attention into units of work, and the inputs that all its operations have.
#ifndef TSLORA_HEADS_H_
#define TSLORA_HEADS_H_

#include <vector>

#include "groups.h"
#include "operations.h"

namespace tslora {

// The heads of all documents, the longest documents first, so that all threads end at about the same time.
struct HeadWork {
  std::vector<AttentionHead> heads;
  int64_t weights = 0;  // numbers of all, kept or not; -1: more than a tensor may have
};

// Lists the heads of all documents. Queries and keys must have the groups' sizes. A window of -1 is none.
HeadWork list_heads(const Groups& groups, const AttentionAttributes& attributes, int64_t window);

// Inputs of both directions. They fit if they have the groups' rows and the heads divide their columns.
struct AttentionInputs {
  TF_Tensor* q;
  TF_Tensor* k;
  TF_Tensor* v;

  bool fit(const Groups& groups, const AttentionAttributes& attributes) const;
};

}  // namespace tslora

#endif  // TSLORA_HEADS_H_
