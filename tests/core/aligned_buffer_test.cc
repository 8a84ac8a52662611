#include "edgeprune/core/aligned_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace edgeprune::core {
namespace {

TEST(AlignedBuffer, BeginsOnACacheLineAndHoldsZeros) {
  for (const std::size_t size : {1U, 7U, 16U, 1001U}) {
    AlignedBuffer buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(std::count(buffer.span().begin(), buffer.span().end(), 0.0f),
              static_cast<std::ptrdiff_t>(size));
  }
}

TEST(AlignedBuffer, MovesWithoutCopying) {
  AlignedBuffer first(3);
  first.data()[2] = 5;
  const float* address = first.data();
  const AlignedBuffer second = std::move(first);
  EXPECT_EQ(second.data(), address);
  EXPECT_EQ(second.data()[2], 5.0f);
}

TEST(AlignedBuffer, IsEmptyByDefault) {
  AlignedBuffer buffer;
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_TRUE(buffer.span().empty());
}

}  // namespace
}  // namespace edgeprune::core
