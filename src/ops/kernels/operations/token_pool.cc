#include <algorithm>

#include "groups.h"
#include "instructions.h"
#include "operations.h"

namespace tslora {
namespace {

constexpr uint32_t OTHER_GROUP = 0x9E3779B1u;  // as in dropout-block.ts: makes the draws of different groups differ

// All documents, the longest first. Each group has its own draws, counted by document and head.
struct PoolWork {
  std::vector<PooledDocument> documents;
  int64_t weights = 0;  // -1: more than a tensor may have
};

// Lists the documents of all groups. x must have the groups' sizes.
PoolWork list_documents(const Groups& groups, const Drop& drop, int64_t heads) {
  PoolWork work;
  if (count_of({groups.tokens, heads}) < 0) {
    work.weights = -1;
    return work;
  }
  for (size_t i = 0; i < groups.all.size(); ++i) {
    const Group& group = groups.all[i];
    Drop own = drop;
    own.seed[0] ^= static_cast<uint32_t>(i) * OTHER_GROUP;
    for (int64_t document = 0; document < group.documents; ++document) {
      work.documents.push_back({.index = group.first_document + document,
                                .first_row = group.first_row + document * group.length,
                                .length = group.length,
                                .drop = own,
                                .first_draw = document * heads,
                                .weights_at = work.weights});
      work.weights += heads * group.length;
    }
  }
  std::stable_sort(work.documents.begin(), work.documents.end(),
                   [](const PooledDocument& a, const PooledDocument& b) { return a.length > b.length; });
  return work;
}

// Reads the inputs of both directions: u [documents, heads, width], x [rows, width]; q [documents, width] with key, key
// and value [rows, width], or scalars for those that are not given; groups. Returns false, with an error, if they do
// not fit.
bool read_pool(Call& call, TokenPool& pool, Groups& groups) {
  TF_Tensor* u = call.input(0);
  TF_Tensor* x = call.input(1);
  TF_Tensor* q = call.input(2);
  TF_Tensor* key = call.input(3);
  TF_Tensor* value = call.input(4);
  if (!call.expect(has_axes(u, 3) && has_axes(x, 2),
                   "TsloraPoolTokens: u must be [documents, heads, width] and x [rows, width]"))
    return false;
  if (!read_groups(call, call.input(5), groups)) return false;
  if (!call.expect(TF_Dim(u, 0) == groups.documents && TF_Dim(x, 0) == groups.tokens,
                   "TsloraPoolTokens: u must have the groups' documents, and x their rows"))
    return false;
  pool.u = floats(u), pool.x = floats(x), pool.q = optional_floats(q), pool.key = optional_floats(key),
  pool.value = optional_floats(value);
  pool.heads = TF_Dim(u, 1), pool.width = TF_Dim(u, 2);
  const bool fits_x = columns_of(x) == pool.width && pool.width > 0 && pool.heads > 0 && pool.width % pool.heads == 0;
  const bool fits_key =
      (pool.key == nullptr) == (pool.q == nullptr) &&
      (pool.key == nullptr || (shape_of(key) == shape_of(x) && has_shape(q, {groups.documents, pool.width})));
  const bool fits_value = pool.value == nullptr || shape_of(value) == shape_of(x);
  return call.expect(fits_x && fits_key && fits_value,
                     "TsloraPoolTokens: x, key and value must be [rows, width], q [documents, width], key and q given "
                     "together, and heads must divide the width");
}

}  // namespace

// u, x, q, key, value, groups, seed -> pooled [documents, heads, width], sums [documents, heads, 1], update
// [documents, width] (one number without value) and the weights (one number if they are not kept).
void PoolTokensOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TokenPool pool{};
  Groups groups;
  if (!read_pool(call, pool, groups)) return;
  const Drop drop = read_drop(call, rate, call.input(6));
  const PoolWork work = list_documents(groups, drop, pool.heads);
  if (!call.expect(work.weights >= 0, "TsloraPoolTokens: there must be at most 2^40 weights")) return;
  const int64_t documents = groups.documents;
  TF_Tensor* pooled = call.output(0, {documents, pool.heads, pool.width});
  TF_Tensor* sums = call.output(1, {documents, pool.heads, 1});
  pool.update = call.optional_output(2, pool.value != nullptr, {documents, pool.width});
  pool.weights = call.optional_output(3, keep, {work.weights});
  if (!call.ok()) return;
  pool.pooled = floats(pooled), pool.sums = floats(sums);
  each_unit(call, work.documents, pool, choose_kernels().pool_scratch(pool, groups.longest),
            choose_kernels().pool_forward);
}

// u, x, q, key, value, groups, weights, d_pooled, d_sums, d_update [documents, width] (a scalar without value) -> du,
// dx, dq, d_key, d_value (one number each if not requested).
void PoolTokensBackwardOp::compute(Call& call) const {
  if (!call.expect_rate(rate)) return;
  TokenPool pool{};
  Groups groups;
  if (!read_pool(call, pool, groups)) return;
  const PoolWork work = list_documents(groups, {.rate = rate}, pool.heads);
  TF_Tensor* weights = call.input(6);
  TF_Tensor* d_pooled = call.input(7);
  TF_Tensor* d_sums = call.input(8);
  TF_Tensor* d_update = call.input(9);
  const int64_t documents = groups.documents;
  pool.weights = floats(weights), pool.d_pooled = floats(d_pooled), pool.d_sums = floats(d_sums),
  pool.d_update = optional_floats(d_update);
  const bool fits_update = pool.value == nullptr || has_shape(d_update, {documents, pool.width});
  if (!call.expect(has_shape(weights, {work.weights}) && has_shape(d_pooled, {documents, pool.heads, pool.width}) &&
                       has_shape(d_sums, {documents, pool.heads, 1}) && fits_update,
                   "TsloraPoolTokensBackward: weights must be those of TsloraPoolTokens, and the gradients must have "
                   "the shapes of its outputs"))
    return;
  TF_Tensor* du = call.output(0, {documents, pool.heads, pool.width});
  const std::vector<int64_t> rows{groups.tokens, pool.width};
  pool.dx = call.optional_output(1, needs_input, rows);
  pool.dq = call.optional_output(2, pool.key != nullptr, {documents, pool.width});
  pool.d_key = call.optional_output(3, pool.key != nullptr, rows);
  pool.d_value = call.optional_output(4, pool.value != nullptr, rows);
  if (!call.ok()) return;
  pool.du = floats(du);
  each_unit(call, work.documents, pool, choose_kernels().pool_scratch(pool, groups.longest),
            choose_kernels().pool_backward);
}

}  // namespace tslora
