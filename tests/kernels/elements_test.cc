#include "edgeprune/kernels/elements.h"

#include "edgeprune/kernels/channels.h"

#include "kernels/channels_fixture.h"
#include "kernels/on_every_target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace edgeprune::kernels {
namespace {

using testing::kGuard;
using testing::kInfinity;
using testing::on_every_target;

float rounded(float value) {
  return static_cast<float>(BFloat16(value));
}

float from_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

TEST(BFloat16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(BFloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(BFloat16(-2.0f).bits, 0xc000);
  EXPECT_EQ(BFloat16().bits, 0);
  EXPECT_EQ(sizeof(BFloat16), 2U);
}

// Between 1 and 2 its step is 2^-7, between 256 and 512 it is 2.
TEST(BFloat16, RoundsToTheNearest) {
  EXPECT_EQ(rounded(1 + 0x1p-9f), 1.0f);
  EXPECT_EQ(rounded(1 + 0x3p-9f), 1 + 0x1p-7f);
  EXPECT_EQ(rounded(1 + 0x1p-8f - 0x1p-23f), 1.0f);
  EXPECT_EQ(rounded(1 + 0x1p-8f + 0x1p-23f), 1 + 0x1p-7f);
  EXPECT_EQ(rounded(256.5f), 256.0f);
  EXPECT_EQ(rounded(257.5f), 258.0f);
}

TEST(BFloat16, RoundsTiesToEven) {
  EXPECT_EQ(rounded(1 + 0x1p-8f), 1.0f);
  EXPECT_EQ(rounded(1 + 0x3p-8f), 1 + 0x1p-6f);
  EXPECT_EQ(rounded(257), 256.0f);
  EXPECT_EQ(rounded(259), 260.0f);
  EXPECT_EQ(rounded(2 - 0x1p-8f), 2.0f);  // up into the next power of two
}

TEST(BFloat16, RoundsNegativesAsTheirMagnitudes) {
  EXPECT_EQ(rounded(-1 - 0x1p-8f), -1.0f);
  EXPECT_EQ(rounded(-1 - 0x3p-8f), -1 - 0x1p-6f);
  EXPECT_EQ(rounded(-257.5f), -258.0f);
  EXPECT_TRUE(std::signbit(rounded(-0.0f)));
}

TEST(BFloat16, OverflowsWhereRoundingDoes) {
  constexpr float kLargest = 0x1.fep127f;
  EXPECT_EQ(BFloat16(kLargest).bits, 0x7f7f);
  EXPECT_EQ(rounded(kLargest), kLargest);
  EXPECT_EQ(rounded(0x1.fefffep127f), kLargest);
  EXPECT_EQ(rounded(0x1.ffp127f), kInfinity);  // a tie, and 0x7f7f is odd
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(rounded(kInfinity), kInfinity);
  EXPECT_EQ(rounded(-kInfinity), -kInfinity);
}

TEST(BFloat16, KeepsGradualUnderflow) {
  constexpr float kSmallest = 0x1p-133f;
  EXPECT_EQ(BFloat16(kSmallest).bits, 1);
  EXPECT_EQ(rounded(0x1p-134f), 0.0f);
  EXPECT_EQ(rounded(0x3p-134f), 0x1p-132f);
}

TEST(BFloat16, AQuietNanStaysOne) {
  EXPECT_TRUE(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
}

TEST(BFloat16, EveryOneOfThemSurvivesTheWayThroughFloat) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float value = from_bits(bits << 16);
    if (std::isnan(value)) continue;
    ASSERT_EQ(BFloat16(value).bits, bits);
  }
}

RC_GTEST_PROP(BFloat16Property, NoNeighbourIsNearer, (std::uint32_t bits)) {
  const float value = from_bits(bits);
  RC_PRE(std::isfinite(value));
  const BFloat16 nearest(value);
  const double error = std::abs(double{static_cast<float>(nearest)} - double{value});
  for (const int step : {-1, 1}) {
    const float neighbour = from_bits(static_cast<std::uint32_t>(nearest.bits + step) << 16);
    if (!std::isfinite(neighbour) || !std::isfinite(static_cast<float>(nearest))) continue;
    const double other = std::abs(double{neighbour} - double{value});
    RC_ASSERT(error < other || (error == other && nearest.bits % 2 == 0));
  }
}

// Every finite upper half (but zero itself: an identity adds 0 to -0) with lower halves around the
// tie: what vectors store must be what BFloat16(float) says.
TEST(BFloat16, VectorsRoundAsScalarsDo) {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper <= 0xffff; ++upper) {
    for (const std::uint32_t lower : {0U, 1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      const float value = from_bits(upper << 16 | lower);
      if (std::isfinite(value) && value != 0) values.push_back(value);
    }
  }
  on_every_target([&] {
    for (const std::size_t channels : {64U, 3U}) {  // whole vectors, and parts of one
      const std::size_t pixels = values.size() / channels;
      std::vector<BFloat16> out(pixels * channels + 1, BFloat16(kGuard));
      apply_transform({}, {pixels, channels, channels, channels}, values.data(), out.data());
      for (std::size_t i = 0; i + 1 < out.size(); ++i) {
        const bool subnormal = std::abs(values[i]) < std::numeric_limits<float>::min();
        if (subnormal && static_cast<float>(out[i]) == 0) continue;  // AVX-512 BF16
        ASSERT_EQ(out[i].bits, BFloat16(values[i]).bits) << std::hexfloat << values[i];
      }
      ASSERT_EQ(out.back(), BFloat16(kGuard));
    }
  });
}

TEST(Elements, KnowTheirTypeAndItsSize) {
  std::array<float, 2> floats{};
  std::array<BFloat16, 2> halves{};
  EXPECT_EQ(Elements(floats.data()).type, ElementType::f32);
  EXPECT_EQ(ConstElements(floats.data()).type, ElementType::f32);
  EXPECT_EQ(Elements(halves.data()).type, ElementType::bf16);
  EXPECT_EQ(ConstElements(halves.data()).type, ElementType::bf16);
  EXPECT_EQ(size_of(ElementType::f32), 4U);
  EXPECT_EQ(size_of(ElementType::bf16), 2U);
}

TEST(Elements, AreAddressedByIndexWhateverTheirSize) {
  std::array<float, 9> floats{};
  std::array<BFloat16, 9> halves{};
  EXPECT_EQ(Elements(floats.data()).at(5).data, &floats[5]);
  EXPECT_EQ(ConstElements(floats.data()).at(5).at(2).data, &floats[7]);
  EXPECT_EQ(Elements(halves.data()).at(5).data, &halves[5]);
  EXPECT_EQ(ConstElements(halves.data()).at(5).at(2).data, &halves[7]);
  EXPECT_EQ(Elements(halves.data()).at(5).type, ElementType::bf16);
  EXPECT_EQ(ConstElements(halves.data()).at(5).type, ElementType::bf16);
}

TEST(Elements, MayBeReadAsConstOnes) {
  std::array<BFloat16, 2> halves{};
  const ConstElements view = Elements(halves.data());
  EXPECT_EQ(view.data, halves.data());
  EXPECT_EQ(view.type, ElementType::bf16);
}

TEST(Elements, AreFalseWithoutMemory) {
  const float one = 1;
  EXPECT_FALSE(Elements());
  EXPECT_FALSE(ConstElements());
  EXPECT_TRUE(ConstElements(&one));
}

}  // namespace
}  // namespace edgeprune::kernels
