// Tensors that share memory never do so while both are needed.

#include "arena.h"

#include "edgeprune/core/aligned_buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::nn {
namespace {

std::vector<Lifetime> any_lifetimes() {
  return *rc::gen::container<std::vector<Lifetime>>(rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<std::size_t>(0, 5000), rc::gen::inRange<std::size_t>(0, 12),
                     rc::gen::inRange<std::size_t>(0, 12)),
      [](const std::tuple<std::size_t, std::size_t, std::size_t>& drawn) {
        const auto [bytes, begin, duration] = drawn;
        return Lifetime{.bytes = bytes, .begin = begin, .end = begin + duration};
      }));
}

std::size_t alive_at(std::span<const Lifetime> tensors, std::size_t moment) {
  std::size_t bytes = 0;
  for (const Lifetime& tensor : tensors) {
    if (tensor.begin <= moment && moment <= tensor.end) bytes += tensor.bytes;
  }
  return bytes;
}

RC_GTEST_PROP(ArenaProperty, TensorsAliveAtTheSameTimeDoNotOverlap, ()) {
  const std::vector<Lifetime> tensors = any_lifetimes();
  const ArenaPlan plan = plan_arena(tensors);
  RC_ASSERT(plan.offsets.size() == tensors.size());
  for (std::size_t a = 0; a < tensors.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (!tensors[a].meets(tensors[b])) continue;
      RC_ASSERT(plan.offsets[a] + tensors[a].bytes <= plan.offsets[b] ||
                plan.offsets[b] + tensors[b].bytes <= plan.offsets[a]);
    }
  }
}

RC_GTEST_PROP(ArenaProperty, TensorsLieOnCacheLinesWithinIt, ()) {
  const std::vector<Lifetime> tensors = any_lifetimes();
  const ArenaPlan plan = plan_arena(tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    RC_ASSERT(plan.offsets[i] % core::AlignedBuffer::kAlignmentBytes == 0U);
    RC_ASSERT(plan.offsets[i] + tensors[i].bytes <= plan.bytes);
  }
}

RC_GTEST_PROP(ArenaProperty, ItHoldsTheMostThatIsAliveAtOnce, ()) {
  const std::vector<Lifetime> tensors = any_lifetimes();
  std::size_t most = 0;
  for (const Lifetime& tensor : tensors) most = std::max(most, alive_at(tensors, tensor.begin));
  RC_ASSERT(plan_arena(tensors).bytes >= most);
}

TEST(Arena, OfNothingIsEmpty) {
  EXPECT_EQ(plan_arena({}).bytes, 0U);
}

TEST(Arena, TensorsThatFollowEachOtherShareMemory) {
  const Lifetime early{.bytes = 1000, .begin = 0, .end = 3};
  const Lifetime late{.bytes = 1000, .begin = 4, .end = 9};
  const ArenaPlan plan = plan_arena(std::vector{early, late});
  EXPECT_EQ(plan.offsets, (std::vector<std::size_t>{0, 0}));
}

}  // namespace
}  // namespace edgeprune::nn
