#include "edgeprune/data/corruption.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;

// One pixel per sample, which tells which one it is.
Dataset dataset_of(const std::vector<std::uint32_t>& class_sizes) {
  Dataset dataset{.name = "made", .shape = {1, 1, 1}};
  for (std::size_t c = 0; c < class_sizes.size(); ++c) {
    dataset.class_names.push_back(std::to_string(c));
    for (std::uint32_t i = 0; i < class_sizes[c]; ++i) {
      dataset.float_pixels.push_back(static_cast<float>(dataset.labels.size()));
      dataset.labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  return finish_dataset(std::move(dataset));
}

std::uint32_t changed_labels(const Dataset& before, const Dataset& after) {
  std::uint32_t changed = 0;
  for (std::size_t n = 0; n < before.labels.size(); ++n) {
    changed += before.labels[n] != after.labels[n];
  }
  return changed;
}

TEST(LabelNoise, MakesExactlyTheShareWrongAndLeavesThePixels) {
  const Dataset clean = dataset_of({50, 30, 20});
  const Dataset noisy = with_label_noise(clean, 0.29, 4);
  EXPECT_EQ(changed_labels(clean, noisy), 29U);
  EXPECT_EQ(noisy.float_pixels, clean.float_pixels);
  EXPECT_NE(noisy.content_hash, clean.content_hash);
}

TEST(LabelNoise, DrawsEveryOtherClassEquallyOften) {
  const Dataset noisy = with_label_noise(dataset_of({9000, 1, 1, 1}), 0.9, 1);
  std::vector<int> counts(4);
  for (const std::int32_t label : noisy.labels) ++counts[static_cast<std::size_t>(label)];
  // 8103 wrong labels, a third each: 2701 within five standard deviations, 5 * 42.4.
  for (const int c : {1, 2, 3}) EXPECT_NEAR(counts[static_cast<std::size_t>(c)], 2701, 212);
}

TEST(LabelNoise, NeedsTwoClasses) {
  expect_error(ErrorKind::data, {"made", "one class", "data.label_noise"},
               [] { (void)with_label_noise(dataset_of({5}), 0.2, 0); });
}

RC_GTEST_PROP(LabelNoiseProperty, IsAFunctionOfTheSeed, (std::uint64_t seed)) {
  const Dataset clean = dataset_of({20, 20});
  RC_ASSERT(with_label_noise(clean, 0.5, seed).labels == with_label_noise(clean, 0.5, seed).labels);
  RC_ASSERT(changed_labels(clean, with_label_noise(clean, 0.5, seed)) == 20U);
}

std::vector<std::uint32_t> counts_of(const Dataset& dataset) {
  return class_counts(dataset, all_samples(dataset));
}

RC_GTEST_PROP(ClassSkewProperty, TakesExactlySoManySamplesOnceEach, (std::uint64_t seed)) {
  const Dataset all = dataset_of({30, 5, 40, 25});
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 101);
  const double concentration = std::pow(10.0, *rc::gen::inRange(-4, 4));
  const Dataset part = with_class_skew(all, concentration, count, seed);
  RC_ASSERT(part.num_samples() == count);
  RC_ASSERT(std::is_sorted(part.float_pixels.begin(), part.float_pixels.end()));
  RC_ASSERT(std::adjacent_find(part.float_pixels.begin(), part.float_pixels.end()) ==
            part.float_pixels.end());
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(part.labels[i] == all.labels[static_cast<std::size_t>(part.float_pixels[i])]);
  }
}

TEST(ClassSkew, AHighConcentrationGivesEqualShares) {
  for (const std::uint32_t count :
       counts_of(with_class_skew(dataset_of({100, 100, 100, 100}), 1e6, 100, 3))) {
    EXPECT_NEAR(count, 25, 1);
  }
}

TEST(ClassSkew, ALowConcentrationGivesOneClassNearlyAll) {
  const auto counts = counts_of(with_class_skew(dataset_of({100, 100, 100, 100}), 0.001, 100, 3));
  EXPECT_GE(*std::max_element(counts.begin(), counts.end()), 95U);
}

// A share of a symmetric Dirichlet over C classes has mean 1/C and variance
// (1/C)(1 - 1/C) / (C a + 1): with C = 4, a = 0.5 that is 0.0625.
TEST(ClassSkew, SharesHaveTheMomentsOfADirichletDraw) {
  constexpr int kSeeds = 400;
  double sum = 0;
  double sum_squared_deviations = 0;
  const Dataset all = dataset_of({1000, 1000, 1000, 1000});
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const double share = counts_of(with_class_skew(all, 0.5, 1000, seed))[0] / 1000.0;
    sum += share;
    sum_squared_deviations += share * share;
  }
  const double mean = sum / kSeeds;
  // The mean's standard error is 0.25 / 20; the variance's, of this distribution, about 0.004.
  EXPECT_NEAR(mean, 0.25, 5 * 0.0125);
  EXPECT_NEAR(sum_squared_deviations / kSeeds - mean * mean, 0.0625, 5 * 0.004);
}

TEST(ClassSkew, MoreThanThereIsIsAnError) {
  expect_error(ErrorKind::config, {"data.train_limit is 11", "10 samples"}, [] {
    (void)with_class_skew(dataset_of({5, 5}), 1, 11, 0);
  });
}

}  // namespace
}  // namespace edgeprune::data
