#include <algorithm>
#include <limits>

#include "heads.h"
#include "instructions.h"

namespace tslora {
namespace {

// Most shares of documents that add up a gradient of their own. The number does not depend on the threads: a sum's
// order would.
constexpr int64_t MOST_SHARES = 8;

// The relative terms' inputs. A scalar marks one that is not given.
struct Terms {
  TF_Tensor* bias;
  TF_Tensor* position_key;
  TF_Tensor* position_query;
  TF_Tensor* index;

  // Reads the four inputs from `first` on.
  Terms(Call& call, int first)
      : bias(call.input(first)),
        position_key(call.input(first + 1)),
        position_query(call.input(first + 2)),
        index(call.input(first + 3)) {}

  bool has_positions() const { return TF_NumDims(index) != 0; }

  // Whether the terms fit a document of `longest` tokens.
  bool fit(const RelativeAttributes& attributes, int64_t width, int64_t longest) const {
    const int64_t window = attributes.window;
    const int64_t needed = window < 0 || longest - 1 < window ? longest - 1 : window;
    const auto reaches = [&](int64_t columns) { return columns % 2 == 1 && columns / 2 >= needed; };
    const bool has_key = TF_NumDims(position_key) != 0, has_query = TF_NumDims(position_query) != 0;
    if (TF_NumDims(bias) != 0 &&
        !(has_axes(bias, 2) && TF_Dim(bias, 0) == attributes.attention.heads && reaches(TF_Dim(bias, 1))))
      return false;
    if ((has_key || has_query) != has_positions()) return false;
    if (!has_positions()) return true;
    const int64_t positions = TF_Dim(has_key ? position_key : position_query, 0);
    if (has_key && !has_shape(position_key, {positions, width})) return false;
    if (has_query && !has_shape(position_query, {positions, width})) return false;
    if (!has_axes(index, 1) || !reaches(size_of(index))) return false;
    const int32_t* rows = ints(index);
    const bool within =
        std::all_of(rows, rows + size_of(index), [&](int32_t row) { return row >= 0 && row < positions; });
    const int64_t products = count_of({longest, positions + 64});  // numbers by 32-bit indices
    return within && products >= 0 && products < std::numeric_limits<int32_t>::max();
  }
};

constexpr const char* TERMS_FIT =
    "TsloraRelativeAttention: bias must be [heads, 2 reach + 1], the positions' keys and queries [positions, width], "
    "and "
    "their index [2 reach + 1] rows of them, with a reach of at least the window's or the longest document's";

RelativeAttention relative_of(const Attention& base, const RelativeAttributes& attributes, const Terms& terms) {
  RelativeAttention relative{.base = base, .window = attributes.window};
  relative.bias = optional_floats(terms.bias);
  if (relative.bias != nullptr) relative.bias_reach = TF_Dim(terms.bias, 1) / 2;
  relative.position_key = optional_floats(terms.position_key);
  relative.position_query = optional_floats(terms.position_query);
  if (!terms.has_positions()) return relative;
  relative.index = ints(terms.index);
  relative.index_reach = size_of(terms.index) / 2;
  relative.positions = TF_Dim(relative.position_key != nullptr ? terms.position_key : terms.position_query, 0);
  return relative;
}

// The sums of one gradient over all documents: a part for each share of the documents, added up at the end.
class SharedSum {
 public:
  // `sum` receives the gradient; null if it is not requested.
  SharedSum(float* sum, int64_t size, int64_t shares) : sum_(sum), size_(size) {
    if (sum == nullptr) return;
    std::fill(sum, sum + size, 0.f);
    parts_.resize(static_cast<size_t>((shares - 1) * size));
  }

  float* part(int64_t share) { return sum_ == nullptr || share == 0 ? sum_ : parts_.data() + (share - 1) * size_; }

  void add_up() {
    if (sum_ == nullptr) return;
    const int64_t parts = static_cast<int64_t>(parts_.size()) / std::max<int64_t>(size_, 1);
    parallel_rows(size_, parts, [&](int64_t begin, int64_t end) {
      for (int64_t part = 0; part < parts; ++part) {
        const float* from = parts_.data() + part * size_;
        for (int64_t i = begin; i < end; ++i) sum_[i] += from[i];
      }
    });
  }

 private:
  float* const sum_;
  const int64_t size_;
  std::vector<float> parts_;
};

// The heads of one share of the documents that have one index: no two units add to the same columns of a part.
struct SharedHeads {
  int64_t share;
  std::vector<AttentionHead> heads;
};

std::vector<SharedHeads> share_out(const std::vector<AttentionHead>& heads, int64_t of_document, int64_t shares) {
  std::vector<SharedHeads> units(static_cast<size_t>(shares * of_document));
  // The heads of a document are consecutive, and the longest documents come first.
  for (size_t i = 0; i < heads.size(); ++i) {
    const int64_t share = static_cast<int64_t>(i) / of_document % shares;
    SharedHeads& unit = units[static_cast<size_t>(share * of_document + heads[i].head)];
    unit.share = share;
    unit.heads.push_back(heads[i]);
  }
  return units;
}

// The backward pass with gradients that all documents add to.
void add_shared(Call& call, const RelativeAttention& relative, const std::vector<AttentionHead>& heads,
                int64_t of_document, int64_t scratch_size) {
  const int64_t documents = static_cast<int64_t>(heads.size()) / of_document;
  const int64_t shares = std::max<int64_t>(1, std::min(MOST_SHARES, documents));
  SharedSum bias(relative.d_bias, of_document * (2 * relative.bias_reach + 1), shares);
  const int64_t table = relative.positions * relative.base.width;
  SharedSum key(relative.d_position_key, table, shares), query(relative.d_position_query, table, shares);
  const std::vector<SharedHeads> units = share_out(heads, of_document, shares);
  std::atomic<bool> failed{false};
  parallel_parts(static_cast<int64_t>(units.size()), [&](int64_t i) {
    const SharedHeads& unit = units[static_cast<size_t>(i)];
    float* scratch = scratch_of(scratch_size);
    if (scratch == nullptr) {
      failed = true;
      return;
    }
    RelativeAttention own = relative;
    own.d_bias = bias.part(unit.share);
    own.d_position_key = key.part(unit.share);
    own.d_position_query = query.part(unit.share);
    for (const AttentionHead& head : unit.heads) choose_kernels().relative_backward(own, head, scratch);
  });
  if (failed) {
    call.out_of_memory();
    return;
  }
  bias.add_up();
  key.add_up();
  query.add_up();
}

}  // namespace

// q [queries, width], k and v [keys, width], bias, the positions' keys, queries and index, groups [groups, 4], seed ->
// y [queries, width] and the weights (one number if they are not kept).
void RelativeAttentionOp::compute(Call& call) const {
  if (!attributes.expect(call)) return;
  const AttentionInputs inputs{.q = call.input(0), .k = call.input(1), .v = call.input(2)};
  const Terms terms(call, 3);
  Groups groups;
  if (!read_groups(call, call.input(7), groups)) return;
  if (!call.expect(
          inputs.fit(groups, attributes.attention),
          "TsloraRelativeAttention: q, k and v must have the groups' rows, and heads must divide their columns"))
    return;
  const int64_t width = columns_of(inputs.q);
  if (!call.expect(terms.fit(attributes, width, groups.longest), TERMS_FIT)) return;
  const HeadWork work = list_heads(groups, attributes.attention, attributes.window);
  if (!call.expect(work.weights >= 0, "TsloraRelativeAttention: there must be at most 2^40 weights")) return;
  const Drop drop = read_drop(call, attributes.attention.rate, call.input(8));
  TF_Tensor* y = call.output(0, shape_of(inputs.q));
  float* weights = call.optional_output(1, keep, {work.weights});
  if (!call.ok()) return;
  const Attention base{.q = floats(inputs.q),
                       .k = floats(inputs.k),
                       .v = floats(inputs.v),
                       .y = floats(y),
                       .width = width,
                       .head_dim = width / attributes.attention.heads,
                       .scale = attributes.attention.scale,
                       .drop = drop};
  RelativeAttention relative = relative_of(base, attributes, terms);
  relative.weights = weights;
  each_unit(call, work.heads, relative, choose_kernels().relative_scratch(relative, groups.longest),
            choose_kernels().relative_forward);
}

// q, k, v, bias, the positions' keys, queries and index, y, weights, dy [queries, width], groups -> dq, dk, dv, d_bias,
// d_position_key, d_position_query (one number each if not requested).
void RelativeAttentionBackwardOp::compute(Call& call) const {
  if (!attributes.expect(call)) return;
  const AttentionInputs inputs{.q = call.input(0), .k = call.input(1), .v = call.input(2)};
  const Terms terms(call, 3);
  TF_Tensor* y = call.input(7);
  TF_Tensor* weights = call.input(8);
  TF_Tensor* dy = call.input(9);
  Groups groups;
  if (!read_groups(call, call.input(10), groups)) return;
  const bool fit = inputs.fit(groups, attributes.attention) && shape_of(y) == shape_of(inputs.q) &&
                   shape_of(dy) == shape_of(inputs.q);
  const HeadWork work = fit ? list_heads(groups, attributes.attention, attributes.window) : HeadWork{};
  if (!call.expect(fit && has_shape(weights, {work.weights}),
                   "TsloraRelativeAttentionBackward: q, k, v, y, weights and groups must be those of "
                   "TsloraRelativeAttention, and dy must have y's shape"))
    return;
  const int64_t width = columns_of(inputs.q);
  if (!call.expect(terms.fit(attributes, width, groups.longest), TERMS_FIT)) return;
  TF_Tensor* dq = call.output(0, shape_of(inputs.q));
  float* dk = call.optional_output(1, needs_key, shape_of(inputs.k));
  TF_Tensor* dv = call.output(2, shape_of(inputs.v));
  const Attention base{.q = floats(inputs.q),
                       .k = floats(inputs.k),
                       .v = floats(inputs.v),
                       .y = floats(y),
                       .width = width,
                       .head_dim = width / attributes.attention.heads,
                       .scale = attributes.attention.scale,
                       .drop = {.rate = attributes.attention.rate},
                       .dy = floats(dy),
                       .dq = call.ok() ? floats(dq) : nullptr,
                       .dk = dk,
                       .dv = call.ok() ? floats(dv) : nullptr};
  RelativeAttention relative = relative_of(base, attributes, terms);
  relative.weights = floats(weights);
  const auto gradient = [&](int output, bool requested, TF_Tensor* of) {
    const bool given = TF_NumDims(of) != 0;
    return call.ok() ? call.optional_output(output, requested && given, shape_of(of)) : nullptr;
  };
  relative.d_bias = gradient(3, needs_bias, terms.bias);
  relative.d_position_key = gradient(4, needs_positions, terms.position_key);
  relative.d_position_query = gradient(5, needs_positions, terms.position_query);
  if (!call.ok()) return;
  const int64_t scratch_size = choose_kernels().relative_scratch(relative, groups.longest);
  if (relative.d_bias == nullptr && relative.d_position_key == nullptr && relative.d_position_query == nullptr)
    each_unit(call, work.heads, relative, scratch_size, choose_kernels().relative_backward);
  else
    add_shared(call, relative, work.heads, attributes.attention.heads, scratch_size);
}

}  // namespace tslora
