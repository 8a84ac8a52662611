#include "edgeprune/kernels/channels.h"

#include "kernels/channels_fixture.h"
#include "kernels/on_every_target.h"
#include "kernels/stored.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace edgeprune::kernels {
namespace {

using testing::as_kept;
using testing::kGuard;
using testing::kInfinity;
using testing::kOddSizes;
using testing::kTypes;
using testing::name_of;
using testing::on_every_target;
using testing::OwnTransform;
using testing::Results;
using testing::Stored;
using testing::Values;
using testing::with_ties;

constexpr std::size_t kPixels = 13;

void expect_transform(ElementType in, ElementType out, std::size_t channels, std::size_t in_gap,
                      std::size_t out_gap) {
  Values values(1);
  const OwnTransform transform(values, channels, -2, 6);
  const PixelBlock block{kPixels, channels, channels + in_gap, channels + out_gap};
  const Stored x(in, values.exact(kPixels * block.in_stride));
  Stored z(out, kPixels * block.out_stride, kGuard);
  apply_transform(transform.view(), block, x, z);
  for (std::size_t p = 0; p < kPixels; ++p) {
    for (std::size_t c = 0; c < block.out_stride; ++c) {
      const float expected =
          c < channels ? as_kept(out, transform(x[p * block.in_stride + c], c)) : kGuard;
      ASSERT_EQ(z[p * block.out_stride + c], expected) << channels << ": " << p << ", " << c;
    }
  }
}

TEST(ApplyTransform, IsItsFormulaForEveryPairOfTypes) {
  on_every_target([] {
    for (const ElementType in : kTypes) {
      for (const ElementType out : kTypes) {
        SCOPED_TRACE(std::string(name_of(in)) + " to " + name_of(out));
        for (const std::size_t channels : kOddSizes) {
          for (const std::size_t in_gap : {0U, 3U}) {
            for (const std::size_t out_gap : {0U, 5U}) {
              ASSERT_NO_FATAL_FAILURE(expect_transform(in, out, channels, in_gap, out_gap));
            }
          }
        }
      }
    }
  });
}

TEST(ApplyTransform, AnIdentityCopiesOrConverts) {
  EXPECT_TRUE(ChannelTransform().is_identity());
  on_every_target([] {
    for (const ElementType in : kTypes) {
      for (const ElementType out : kTypes) {
        for (const std::size_t stride : {7U, 10U}) {
          Values values(1);
          const Stored x(in, with_ties(values, kPixels * stride));
          Stored z(out, kPixels * stride, kGuard);
          apply_transform({}, {kPixels, 7, stride, stride}, x, z);
          for (std::size_t i = 0; i < z.size(); ++i) {
            ASSERT_EQ(z[i], i % stride < 7 ? as_kept(out, x[i]) : kGuard);
          }
        }
      }
    }
  });
}

TEST(ApplyTransform, ClampsWithoutCoefficients) {
  const ChannelTransform relu6{.low = 0, .high = 6};
  EXPECT_TRUE(relu6.is_clamped());
  EXPECT_FALSE(relu6.is_identity());
  on_every_target([&] {
    const std::vector<float> x = {-1, 0, 0.5f, 6, 7};
    std::vector<float> z(5);
    apply_transform(relu6, {1, 5, 5, 5}, x.data(), z.data());
    EXPECT_EQ(z, (std::vector<float>{0, 0, 0.5f, 6, 6}));
  });
}

// A run whose weights are NaN must find its loss to be NaN, not take a clamp's bound for a value.
TEST(ApplyTransform, ANaNStaysOneWhateverTheClamp) {
  on_every_target([] {
    const auto channels = static_cast<std::size_t>(2 * simd_lanes() + 1);
    const std::vector<float> nans(channels, std::numeric_limits<float>::quiet_NaN());
    const std::vector<float> ones(channels, 1.0f);
    for (const float low : {-kInfinity, 0.0f}) {
      for (const float high : {6.0f, kInfinity}) {
        const ChannelTransform transform{.scale = ones, .low = low, .high = high};
        std::vector<float> out(channels);
        std::vector<BFloat16> rounded(channels);
        apply_transform(transform, {1, channels, channels, channels}, nans.data(), out.data());
        apply_transform(transform, {1, channels, channels, channels}, nans.data(), rounded.data());
        for (std::size_t c = 0; c < channels; ++c) {
          ASSERT_TRUE(std::isnan(out[c])) << low << " to " << high << ", channel " << c;
          ASSERT_TRUE(std::isnan(static_cast<float>(rounded[c]))) << low << " to " << high;
        }
      }
    }
  });
}

TEST(ApplyTransform, APartTransformsItsChannelsAsTheWholeDoes) {
  on_every_target([] {
    constexpr std::size_t kChannels = 40;
    Values values(2);
    const OwnTransform transform(values, kChannels, 0, 6);
    const std::vector<float> x = values.exact(kPixels * kChannels);
    std::vector<float> whole(x.size());
    apply_transform(transform.view(), {kPixels, kChannels, kChannels, kChannels}, x.data(),
                    whole.data());
    std::vector<float> parts(x.size());
    for (const auto& [first, count] : {std::pair{0U, 7U}, {7U, 32U}, {39U, 1U}}) {
      apply_transform(transform.view().part(first, count), {kPixels, count, kChannels, kChannels},
                      x.data() + first, parts.data() + first);
    }
    EXPECT_EQ(parts, whole);
  });
}

TEST(ApplyTransform, APartOfAClampIsTheClamp) {
  const ChannelTransform part = ChannelTransform{.low = 0, .high = 6}.part(3, 2);
  EXPECT_TRUE(part.scale.empty());
  EXPECT_EQ(part.low, 0);
  EXPECT_EQ(part.high, 6);
}

TEST(AddTransformed, AddsBothTransforms) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      SCOPED_TRACE(name_of(type));
      for (const std::size_t channels : kOddSizes) {
        Values values(3);
        const OwnTransform ta(values, channels, 0, kInfinity);
        const OwnTransform tb(values, channels, -1, 1);
        const std::size_t size = kPixels * channels;
        const Stored a(type, values.exact(size));
        const Stored b(type, values.exact(size));
        Stored sum(type, size + 1, kGuard);
        add_transformed(ta.view(), a, tb.view(), b, kPixels, channels, sum);
        for (std::size_t i = 0; i < size; ++i) {
          const float expected = ta(a[i], i % channels) + tb(b[i], i % channels);
          ASSERT_EQ(sum[i], as_kept(type, expected)) << channels << ": " << i;
        }
        EXPECT_EQ(sum[size], kGuard);
      }
    }
  });
}

TEST(AddTransformed, OfIdentitiesIsTheSum) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      Values values(4);
      const Stored a(type, values.exact(kPixels * 9));
      const Stored b(type, values.exact(kPixels * 9));
      Stored sum(type, a.size(), 0);
      add_transformed({}, a, {}, b, kPixels, 9, sum);
      for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(sum[i], a[i] + b[i]);
    }
  });
}

TEST(AddTo, AddsEveryElementAndNoMore) {
  on_every_target([] {
    for (const std::size_t count : kOddSizes) {
      const std::vector<float> x = Values(5).exact(count);
      std::vector<float> y(count + 1, kGuard);
      add_to(x.data(), count, y.data());
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(y[i], kGuard + x[i]);
      EXPECT_EQ(y.back(), kGuard);
    }
  });
}

TEST(AccumulateSums, SumsStridedRowsOntoWhatIsThere) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : kOddSizes) {
        constexpr std::size_t kMany = 200;  // more than one stretch
        const std::size_t stride = channels + 2;
        const Stored x(type, Values(6).exact(kMany * stride));
        std::vector<double> sums(channels, 1.0);
        accumulate_sums(x, kMany, stride, sums);
        for (std::size_t c = 0; c < channels; ++c) {
          double expected = 1;
          for (std::size_t p = 0; p < kMany; ++p) expected += double{x[p * stride + c]};
          ASSERT_EQ(sums[c], expected) << channels << ": " << c;
        }
      }
    }
  });
}

struct OutputCase {
  ElementType type = ElementType::f32;
  std::size_t rows = 0;
  std::size_t channels = 0;  // of the product
  std::size_t num_vectors = 1;
  bool with_bias = true;
};

// Channels [2, 2 + channels) of wider pixels, from pixel 3 on: all else is guarded.
void expect_output(const OutputCase& o) {
  SCOPED_TRACE(::testing::Message() << name_of(o.type) << ", " << o.rows << " x " << o.channels
                                    << ", panels of " << o.num_vectors);
  constexpr std::size_t kFirstChannel = 2;
  constexpr std::size_t kFirstPixel = 3;
  Values values(10);
  const Results results(with_ties(values, o.rows * o.channels), o.rows, o.channels, kFirstChannel,
                        o.num_vectors);
  const std::size_t stride = o.channels + kFirstChannel + 1;
  // Whole numbers keep the ties of the results.
  std::vector<float> bias(o.with_bias ? stride : 0);
  for (float& b : bias) b = static_cast<float>(values.below(8));
  Stored out(o.type, (kFirstPixel + o.rows + 1) * stride, kGuard);
  ChannelMoments moments;
  moments.reset(stride);
  const OutputTarget target{.out = out, .channels = stride, .bias = bias, .moments = &moments};
  results.for_panels([&](const ResultPanel& p) { finish_output(p, target, kFirstPixel); });
  EXPECT_EQ(moments.count, 0);  // left to the caller

  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t r = i / stride - kFirstPixel;
    const std::size_t c = i % stride - kFirstChannel;
    const bool inside =
        i / stride >= kFirstPixel && r < o.rows && i % stride >= kFirstChannel && c < o.channels;
    const float added = inside && o.with_bias ? bias[i % stride] : 0;
    const float expected = inside ? as_kept(o.type, results.at(r, c) + added) : kGuard;
    ASSERT_EQ(out[i], expected) << i / stride << ", " << i % stride;
  }
  for (std::size_t c = 0; c < stride; ++c) {
    const bool inside = c >= kFirstChannel && c < kFirstChannel + o.channels;
    const float pivot = inside ? out[kFirstPixel * stride + c] : 0;
    double sum = 0;
    double sum_squared_deviations = 0;
    for (std::size_t r = 0; inside && r < o.rows; ++r) {
      const double off = double{out[(kFirstPixel + r) * stride + c]} - double{pivot};
      sum += off;
      sum_squared_deviations += off * off;
    }
    ASSERT_EQ(moments.pivot[c], pivot) << c;
    ASSERT_EQ(moments.sum[c], sum) << c;
    ASSERT_EQ(moments.sum_squared_deviations[c], sum_squared_deviations) << c;
  }
}

TEST(FinishOutput, StoresResultsAndTheirMomentsForEveryPanel) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : kOddSizes) {
        for (const std::size_t num_vectors : {1U, 2U, 3U, 4U}) {
          for (const bool with_bias : {false, true}) {
            ASSERT_NO_FATAL_FAILURE(expect_output({type, 5, channels, num_vectors, with_bias}));
          }
        }
      }
    }
  });
}

TEST(FinishOutput, TakesAnyNumberOfRows) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t rows : {1U, 63U, 64U, 65U, 200U}) {
        ASSERT_NO_FATAL_FAILURE(expect_output({type, rows, 37, 2}));
      }
    }
  });
}

TEST(FinishOutput, GathersNoMomentsUnlessAsked) {
  on_every_target([] {
    const Results results({1, 2, 3, 4, 5, 6}, 3, 2, 0, 1);
    std::vector<float> out(7, kGuard);
    results.for_panels([&](const ResultPanel& panel) {
      finish_output(panel, {.out = out.data(), .channels = 2}, 0);
    });
    EXPECT_EQ(out, (std::vector<float>{1, 2, 3, 4, 5, 6, kGuard}));
  });
}

// The second tile's pixels are about the first one's pivot.
TEST(FinishOutput, KeepsItsPivotOnceTheCallerHasCounted) {
  on_every_target([] {
    std::vector<float> out(4);
    ChannelMoments moments;
    moments.reset(1);
    const OutputTarget target{.out = out.data(), .channels = 1, .moments = &moments};
    for (const std::size_t first : {0U, 2U}) {
      const auto from = static_cast<float>(10 + first);
      const Results results({from, from + 1}, 2, 1, 0, 1);
      results.for_panels([&](const ResultPanel& panel) { finish_output(panel, target, first); });
      moments.count += 2;
    }
    EXPECT_EQ(out, (std::vector<float>{10, 11, 12, 13}));
    EXPECT_EQ(moments.pivot[0], 10);
    EXPECT_EQ(moments.sum[0], 0 + 1 + 2 + 3);
    EXPECT_EQ(moments.sum_squared_deviations[0], 0 + 1 + 4 + 9);
  });
}

TEST(FinishOutput, StreamedMemoryIsTheSame) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : {32U, 64U, 96U, 160U}) {
        for (const std::size_t num_vectors : {1U, 2U, 3U, 4U}) {
          ASSERT_TRUE(may_stream(type, channels));
          Values values(11);
          const Results results(with_ties(values, 70 * channels), 70, channels, 0, num_vectors);
          Stored cached(type, 73 * channels, kGuard);
          Stored streamed(type, 73 * channels, kGuard);
          for (Stored* out : {&cached, &streamed}) {
            const OutputTarget target{
                .out = *out, .channels = channels, .stream = out == &streamed};
            results.for_panels([&](const ResultPanel& panel) { finish_output(panel, target, 1); });
            finish_streams();
          }
          ASSERT_EQ(streamed.floats(), cached.floats()) << name_of(type) << ", " << channels;
          ASSERT_EQ(streamed[0], kGuard);
          ASSERT_EQ(streamed[channels], as_kept(type, results.at(0, 0)));
          ASSERT_EQ(streamed[71 * channels], kGuard);
        }
      }
    }
  });
}

TEST(MayStream, WherePixelsFillWholeCacheLines) {
  EXPECT_TRUE(may_stream(ElementType::f32, 16));
  EXPECT_TRUE(may_stream(ElementType::f32, 48));
  EXPECT_FALSE(may_stream(ElementType::f32, 8));
  EXPECT_FALSE(may_stream(ElementType::f32, 17));
  EXPECT_TRUE(may_stream(ElementType::bf16, 32));
  EXPECT_FALSE(may_stream(ElementType::bf16, 16));
  EXPECT_FALSE(may_stream(ElementType::bf16, 48));
}

}  // namespace
}  // namespace edgeprune::kernels
