#include "groups.h"

#include <algorithm>

namespace tslora {

bool read_groups(Call& call, TF_Tensor* layout, Groups& groups) {
  if (!call.expect(has_axes(layout, 2) && TF_Dim(layout, 1) == 4, "groups must be [groups, 4]")) return false;
  const int32_t* row = ints(layout);
  for (int64_t i = 0; i < TF_Dim(layout, 0); ++i, row += 4) {
    const Group group{.first_row = row[0], .first_document = row[1], .documents = row[2], .length = row[3]};
    if (!call.expect(group.first_row == groups.tokens && group.first_document == groups.documents &&
                         group.documents > 0 && group.length > 0 && groups.tokens <= MOST_NUMBERS,
                     "groups must have at least one document and token, and begin where the group before ends"))
      return false;
    groups.all.push_back(group);
    groups.documents += group.documents;
    groups.tokens += int64_t{group.documents} * group.length;
    groups.longest = std::max<int64_t>(groups.longest, group.length);
  }
  return true;
}

}  // namespace tslora
