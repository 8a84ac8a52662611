#include "arena.h"

#include "edgeprune/core/aligned_buffer.h"

#include <algorithm>
#include <numeric>

namespace edgeprune::nn {
namespace {

// In whole cache lines, and some more: tensors of a power of two would otherwise begin at the same
// place of a page, and steps that walk several of them would fight for the same cache sets.
std::size_t in_lines_apart(std::size_t bytes) {
  constexpr std::size_t kLine = core::AlignedBuffer::kAlignmentBytes;
  constexpr std::size_t kApartLines = 9;
  return ((bytes + kLine - 1) / kLine + kApartLines) * kLine;
}

}  // namespace

ArenaPlan plan_arena(std::span<const Lifetime> tensors) {
  std::vector<std::size_t> by_size(tensors.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].bytes > tensors[b].bytes;
  });
  ArenaPlan plan{.offsets = std::vector<std::size_t>(tensors.size())};
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t tensor : by_size) {
    const std::size_t size = in_lines_apart(tensors[tensor].bytes);
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (!tensors[tensor].meets(tensors[other])) continue;
      if (offset + size <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + in_lines_apart(tensors[other].bytes));
    }
    plan.offsets[tensor] = offset;
    plan.bytes = std::max(plan.bytes, offset + size);
    const auto behind = std::upper_bound(
        placed.begin(), placed.end(), tensor,
        [&](std::size_t a, std::size_t b) { return plan.offsets[a] < plan.offsets[b]; });
    placed.insert(behind, tensor);
  }
  return plan;
}

}  // namespace edgeprune::nn
