// Blocks of queries of attention with a window or relative terms, with the keys and positions that they use. In an
// anonymous namespace, for the reason in math.h.
#ifndef TSLORA_RELATIVE_BLOCKS_H_
#define TSLORA_RELATIVE_BLOCKS_H_

#include "kernels.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t BLOCK = 56 / MR * MR;  // queries at a time, as in attention.cc
constexpr int64_t LINE = 16;             // numbers in a cache line

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// Keys that the queries [first, last] reach.
inline Range reached(int64_t window, int64_t first, int64_t last, int64_t keys) {
  if (window < 0) return {0, keys};
  return {first > window ? first - window : 0, last + window < keys ? last + window + 1 : keys};
}

// Rows of positions that the distances [from, to] use.
Range positions_of(const RelativeAttention& relative, int64_t from, int64_t to) {
  const int32_t* index = relative.index + relative.index_reach;
  Range range{index[from], index[from] + 1};
  for (int64_t distance = from; distance <= to; ++distance) {
    const int64_t row = index[distance];
    range.begin = row < range.begin ? row : range.begin;
    range.end = row >= range.end ? row + 1 : range.end;
  }
  return range;
}

// One head of a document: its sizes, and what the whole document uses of the
// positions.
struct Head {
  Head(const RelativeAttention& relative, const AttentionHead& head)
      : d(relative.base.head_dim),
        width(relative.base.width),
        keys(head.keys),
        offset(head.head * d),
        at_keys(head.first_key * width + offset),
        whole(weights_columns(reached_keys(relative.window, keys))),
        columns(scores_columns(relative, keys)),
        panels(round_up(d, NR)) {
    if (relative.index == nullptr) return;
    const int64_t far = relative.window < 0 || keys <= relative.window ? keys - 1 : relative.window;
    positions = positions_of(relative, head.queries == 1 ? 0 : -far, far);
    stride = position_columns(positions.size());
  }

  // Number of columns in a row of scores: the keys of a block, whole panels,
  // and a line beyond for the last row's.
  static int64_t scores_columns(const RelativeAttention& relative, int64_t keys) {
    const int64_t most = BLOCK + 2 * relative.window + NR;
    const int64_t span = relative.window < 0 || keys < most ? keys : most;
    return round_up(span, NR > LINE ? NR : LINE) + LINE;
  }
  // Number of columns in a row of products with positions. No two rows lie a
  // page apart.
  static int64_t position_columns(int64_t positions) { return round_up(positions, NR) + LINE; }

  const int64_t d, width, keys, offset, at_keys, whole, columns, panels;
  Range positions{0, 0};
  int64_t stride = 0;
};

// A block of queries: its keys, from `aligned` on in whole panels, and its
// positions, in whole panels too.
struct Block {
  Block(const RelativeAttention& relative, const Head& sizes, int64_t first, int64_t rows)
      : first(first), rows(rows), keys(reached(relative.window, first, first + rows - 1, sizes.keys)) {
    aligned = keys.begin / NR * NR;
    if (relative.index == nullptr) return;
    const int64_t far = relative.window < 0 ? sizes.keys : relative.window;
    const int64_t from = keys.begin - (first + rows - 1), to = keys.end - 1 - first;
    positions = positions_of(relative, from < -far ? -far : from, to > far ? far : to);
    positions.begin = sizes.positions.begin + (positions.begin - sizes.positions.begin) / NR * NR;
  }

  const int64_t first, rows;
  const Range keys;
  int64_t aligned;
  Range positions{0, 0};
};

}  // namespace
}  // namespace tslora

#endif  // TSLORA_RELATIVE_BLOCKS_H_
