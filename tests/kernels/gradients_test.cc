// The backward half of channels.h.

#include "edgeprune/kernels/channels.h"

#include "kernels/channels_fixture.h"
#include "kernels/on_every_target.h"
#include "kernels/stored.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

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

constexpr std::size_t kBlockPixels = 13;

void expect_transform_gradient(ElementType in, ElementType out, std::size_t channels,
                               std::size_t in_gap, std::size_t out_gap) {
  Values values(12);
  const OwnTransform transform(values, channels, 0, 6);
  const auto slope = values.exact(channels);
  const auto offset = values.exact(channels);
  const PixelBlock block{kBlockPixels, channels, channels + in_gap, channels + out_gap};
  const Stored dz(in, values.exact(kBlockPixels * block.in_stride));
  const Stored x(in, values.exact(kBlockPixels * block.in_stride));
  Stored dx(out, kBlockPixels * block.out_stride, kGuard);
  transform_gradient(transform.view(), {.slope = slope, .offset = offset}, block, dz, x, dx);
  for (std::size_t p = 0; p < kBlockPixels; ++p) {
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t i = p * block.in_stride + c;
      // dz is of z before the clamp: there is no mask to apply.
      const float expected =
          transform.scale[c] * dz[i] + slope[c] * (x[i] - transform.center[c]) + offset[c];
      ASSERT_EQ(dx[p * block.out_stride + c], as_kept(out, expected)) << channels << ": " << c;
    }
    for (std::size_t c = channels; c < block.out_stride; ++c) {
      ASSERT_EQ(dx[p * block.out_stride + c], kGuard);
    }
  }
}

TEST(TransformGradient, IsItsFormulaForEveryPairOfTypes) {
  on_every_target([] {
    for (const ElementType in : kTypes) {
      for (const ElementType out : kTypes) {
        SCOPED_TRACE(std::string(name_of(in)) + " to " + name_of(out));
        for (const std::size_t channels : kOddSizes) {
          for (const std::size_t gap : {0U, 3U}) {
            ASSERT_NO_FATAL_FAILURE(expect_transform_gradient(in, out, channels, gap, 3 - gap));
          }
        }
      }
    }
  });
}

TEST(TransformGradient, EmptySlopeAndOffsetAreZeros) {
  on_every_target([] {
    Values values(13);
    const OwnTransform transform(values, 5, -kInfinity, kInfinity);
    const auto dz = values.exact(kBlockPixels * 5);
    const auto x = values.exact(kBlockPixels * 5);
    std::vector<float> dx(dz.size());
    transform_gradient(transform.view(), {}, {kBlockPixels, 5, 5, 5}, dz.data(), x.data(),
                       dx.data());
    for (std::size_t i = 0; i < dx.size(); ++i) ASSERT_EQ(dx[i], transform.scale[i % 5] * dz[i]);
  });
}

TEST(TransformGradient, OfAClampAloneIsTheGradientItself) {
  on_every_target([] {
    for (const ElementType out : kTypes) {
      Values values(14);
      const auto dz = values.exact(kBlockPixels * 5);
      Stored dx(out, dz.size(), 0);
      transform_gradient({.low = 0}, {}, {kBlockPixels, 5, 5, 5}, dz.data(), dz.data(), dx);
      EXPECT_EQ(dx.floats(), dz);
    }
  });
}

TEST(TransformGradient, PartsAreThoseOfTheWhole) {
  const std::vector<float> slope = {1, 2, 3, 4};
  const std::vector<float> offset = {5, 6, 7, 8};
  const TransformGradient part = TransformGradient{slope, offset}.part(1, 2);
  EXPECT_EQ(part.slope.data(), &slope[1]);
  EXPECT_EQ(part.slope.size(), 2U);
  EXPECT_EQ(part.offset.data(), &offset[1]);
  EXPECT_EQ(part.offset.size(), 2U);
  EXPECT_TRUE(TransformGradient().part(1, 2).slope.empty());
}

struct GradientCase {
  ElementType type = ElementType::f32;
  std::size_t rows = 0;
  std::size_t channels = 0;  // of the activation
  std::size_t pixel_step = 1;
  bool clamped = true;
  bool accumulate = false;
};

void PrintTo(const GradientCase& g, std::ostream* out) {
  *out << name_of(g.type) << ", " << g.rows << " x " << g.channels << ", step " << g.pixel_step
       << (g.clamped ? ", clamped" : "") << (g.accumulate ? ", accumulated" : "");
}

constexpr std::size_t kFirstPixel = 2;

// What a gradient flows into, and what the header says of its arrival there.
struct GradientPlace {
  GradientCase c;
  std::size_t pixels;
  Values values{15};
  OwnTransform transform;
  Stored x;
  std::vector<float> g;  // for rows * channels
  Stored dz;
  GradientSums sums;

  explicit GradientPlace(const GradientCase& gradient)
      : c(gradient),
        pixels(kFirstPixel + c.rows * c.pixel_step + 1),
        transform(values, c.channels, c.clamped ? 0 : -kInfinity, c.clamped ? 6 : kInfinity),
        x(c.type, values.exact(pixels * c.channels)),
        g(with_ties(values, c.rows * c.channels)),
        dz(c.type, pixels * c.channels, c.accumulate ? 3.0f : kGuard) {
    sums.reset(c.channels);
    std::ranges::fill(sums.dz, 1.0);
    std::ranges::fill(sums.dz_x, 2.0);
  }
  [[nodiscard]] GradientTarget target() {
    return {.transform = transform.view(),
            .x = x,
            .dz = dz,
            .channels = c.channels,
            .accumulate = c.accumulate,
            .sums = &sums};
  }
  void expect_arrived(const std::vector<float>& arriving) const {
    std::vector<double> sum(c.channels, 1.0);
    std::vector<double> sum_x(c.channels, 2.0);
    for (std::size_t i = 0; i < dz.size(); ++i) {
      const std::size_t pixel = i / c.channels;
      const std::size_t k = i % c.channels;
      const std::size_t row = (pixel - kFirstPixel) / c.pixel_step;
      const float old = c.accumulate ? 3.0f : kGuard;
      if (pixel < kFirstPixel || (pixel - kFirstPixel) % c.pixel_step != 0 || row >= c.rows) {
        ASSERT_EQ(dz[i], old) << "pixel " << pixel << ", channel " << k;
        continue;
      }
      const float passed = transform.passes(x[i], k) ? arriving[row * c.channels + k] : 0;
      const float expected = as_kept(c.type, passed + (c.accumulate ? old : 0));
      ASSERT_EQ(dz[i], expected) << "pixel " << pixel << ", channel " << k;
      sum[k] += double{expected};
      sum_x[k] += double{expected} * double{x[i] - transform.center[k]};
    }
    ASSERT_EQ(sums.dz, sum);
    ASSERT_EQ(sums.dz_x, sum_x);
  }
};

std::vector<GradientCase> gradient_cases(std::vector<std::size_t> steps) {
  std::vector<GradientCase> all;
  for (const ElementType type : kTypes) {
    for (const std::size_t channels : kOddSizes) {
      for (const std::size_t step : steps) {
        for (const bool clamped : {false, true}) {
          for (const bool accumulate : {false, true}) {
            all.push_back({type, 5, channels, step, clamped, accumulate});
          }
        }
      }
    }
    for (const std::size_t rows : {1U, 63U, 64U, 65U, 150U}) {
      all.push_back({type, rows, 19, steps.front(), true, true});
    }
  }
  return all;
}

TEST(FinishGradient, FromPanelsMasksAddsAndSums) {
  on_every_target([] {
    for (const GradientCase& c : gradient_cases({1, 2, 3})) {
      for (const std::size_t num_vectors : {1U, 2U, 3U, 4U}) {
        GradientPlace place(c);
        const Results results(place.g, c.rows, c.channels, 0, num_vectors);
        results.for_panels([&](const ResultPanel& panel) {
          finish_gradient(panel, place.target(), kFirstPixel, c.pixel_step);
        });
        ASSERT_NO_FATAL_FAILURE(place.expect_arrived(place.g))
            << ::testing::PrintToString(c) << ", panels of " << num_vectors;
      }
    }
  });
}

TEST(FinishGradient, FromPixelsMasksAddsAndSums) {
  on_every_target([] {
    for (const GradientCase& c : gradient_cases({1})) {
      for (const ElementType type_of_g : kTypes) {
        GradientPlace place(c);
        const Stored g(type_of_g, place.g);
        finish_gradient(g, c.rows, place.target(), kFirstPixel);
        ASSERT_NO_FATAL_FAILURE(place.expect_arrived(g.floats()))
            << ::testing::PrintToString(c) << ", from " << name_of(type_of_g);
      }
    }
  });
}

TEST(FinishGradient, StreamedMemoryAndSumsAreTheSame) {
  on_every_target([] {
    for (const ElementType type : kTypes) {
      for (const std::size_t channels : {32U, 64U, 96U}) {
        const GradientCase c{type, 70, channels, 1, true, false};
        GradientPlace from_panels(c);
        GradientPlace from_pixels(c);
        const Results results(from_panels.g, c.rows, channels, 0, 2);
        GradientTarget target = from_panels.target();
        target.stream = true;
        results.for_panels(
            [&](const ResultPanel& panel) { finish_gradient(panel, target, kFirstPixel, 1); });
        target = from_pixels.target();
        target.stream = true;
        finish_gradient(from_pixels.g.data(), c.rows, target, kFirstPixel);
        finish_streams();
        ASSERT_NO_FATAL_FAILURE(from_panels.expect_arrived(from_panels.g)) << channels;
        ASSERT_NO_FATAL_FAILURE(from_pixels.expect_arrived(from_pixels.g)) << channels;
      }
    }
  });
}

// As in PyTorch, nothing passes at 0 of a ReLU, nor at 0 and 6 of a ReLU6.
TEST(FinishGradient, NothingPassesAtTheBoundsThemselves) {
  on_every_target([] {
    const std::vector<float> x = {-1, 0, 1, 6, 7};
    const std::vector<float> g(5, 1.0f);
    std::vector<float> dz(5);
    finish_gradient(g.data(), 1,
                    {.transform = {.low = 0}, .x = x.data(), .dz = dz.data(), .channels = 5}, 0);
    EXPECT_EQ(dz, (std::vector<float>{0, 0, 1, 1, 1}));
    finish_gradient(
        g.data(), 1,
        {.transform = {.low = 0, .high = 6}, .x = x.data(), .dz = dz.data(), .channels = 5}, 0);
    EXPECT_EQ(dz, (std::vector<float>{0, 0, 1, 0, 0}));
  });
}

// A panel's columns are channels from first_channel on; the others stay as they are.
TEST(FinishGradient, OfAPartTouchesNoOtherChannel) {
  on_every_target([] {
    GradientPlace place({ElementType::f32, 4, 21, 1, true, false});
    const Results results(std::vector<float>(4 * 6, 300.0f), 4, 6, 8, 1);
    results.for_panels(
        [&](const ResultPanel& panel) { finish_gradient(panel, place.target(), kFirstPixel, 1); });
    for (std::size_t i = 0; i < place.dz.size(); ++i) {
      const bool inside =
          i / 21 >= kFirstPixel && i / 21 < kFirstPixel + 4 && i % 21 >= 8 && i % 21 < 14;
      ASSERT_EQ(place.dz[i] == kGuard, !inside) << i / 21 << ", " << i % 21;
    }
    for (std::size_t c = 0; c < 21; ++c) {
      if (c >= 8 && c < 14) continue;
      ASSERT_EQ(place.sums.dz[c], 1.0);
    }
  });
}

RC_GTEST_PROP(FinishGradientProperty, TheSameInputsMakeTheSameBits, (std::uint32_t seed)) {
  const auto channels = *rc::gen::inRange<std::size_t>(1, 40);
  const auto pixels = *rc::gen::inRange<std::size_t>(1, 200);
  on_every_target([&] {
    Values values(seed);
    const auto x = values.uniform(pixels * channels, -1, 1);
    const auto g = values.uniform(pixels * channels, -1, 1);
    const auto scale = values.uniform(channels, 0.5f, 2);
    const auto shift = values.uniform(channels, -1, 1);
    const ChannelTransform transform{.center = shift, .scale = scale, .shift = shift, .low = 0};
    GradientSums sums[2];
    for (GradientSums& run : sums) {
      run.reset(channels);
      std::vector<float> dz(x.size());
      finish_gradient(g.data(), pixels,
                      {.transform = transform,
                       .x = x.data(),
                       .dz = dz.data(),
                       .channels = channels,
                       .sums = &run},
                      0);
    }
    RC_ASSERT(sums[0].dz == sums[1].dz);
    RC_ASSERT(sums[0].dz_x == sums[1].dz_x);
  });
}

}  // namespace
}  // namespace edgeprune::kernels
