#include "heads.h"

#include <algorithm>

namespace tslora {

HeadWork list_heads(const Groups& groups, const AttentionAttributes& attributes, int64_t window) {
  HeadWork work;
  int64_t draw = 0;
  for (const Group& group : groups.all) {
    const int64_t length = group.length, queries = attributes.first_token ? 1 : length;
    const int64_t columns = weights_columns(reached_keys(window, length));
    const int64_t weights = count_of({group.documents, attributes.heads, queries, columns});
    if (weights < 0 || work.weights + weights > MOST_NUMBERS) {
      work.weights = -1;
      return work;
    }
    for (int64_t document = 0; document < group.documents; ++document) {
      const int64_t first_key = group.first_row + document * length;
      for (int64_t head = 0; head < attributes.heads; ++head) {
        work.heads.push_back({.first_query = attributes.first_token ? group.first_document + document : first_key,
                              .queries = queries,
                              .first_key = first_key,
                              .keys = length,
                              .head = head,
                              .first_draw = draw,
                              .weights_at = work.weights});
        draw += queries;
        work.weights += queries * columns;
      }
    }
  }
  std::stable_sort(work.heads.begin(), work.heads.end(),
                   [](const AttentionHead& a, const AttentionHead& b) { return a.keys > b.keys; });
  return work;
}

bool AttentionInputs::fit(const Groups& groups, const AttentionAttributes& attributes) const {
  if (!has_axes(q, 2) || !has_axes(k, 2) || !has_axes(v, 2)) return false;
  const int64_t width = TF_Dim(q, 1), queries = attributes.first_token ? groups.documents : groups.tokens;
  return width > 0 && width % attributes.heads == 0 && TF_Dim(k, 1) == width && TF_Dim(v, 1) == width &&
         TF_Dim(q, 0) == queries && TF_Dim(k, 0) == groups.tokens && TF_Dim(v, 0) == groups.tokens;
}

}  // namespace tslora
