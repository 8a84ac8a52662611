#include "edgeprune/data/dataset.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;

Dataset two_by_one_grey(std::vector<std::uint8_t> pixels, std::vector<std::int32_t> labels) {
  Dataset dataset;
  dataset.name = "tiny";
  dataset.shape = {2, 1, 1};
  dataset.class_names = {"cat", "dog"};
  dataset.labels = std::move(labels);
  dataset.byte_pixels = std::move(pixels);
  return dataset;
}

Dataset float_features(std::vector<float> values, std::vector<std::int32_t> labels) {
  Dataset dataset;
  dataset.name = "tiny";
  dataset.shape = {1, 1, 2};
  dataset.class_names = {"0", "1"};
  dataset.labels = std::move(labels);
  dataset.float_pixels = std::move(values);
  return dataset;
}

TEST(Dataset, StatisticsOfBytesAreThoseOfTheirShareOf255) {
  const Dataset dataset = finish_dataset(two_by_one_grey({0, 51, 102, 255}, {0, 1}));
  // Values 0, 0.2, 0.4, 1: mean 1.6 / 4 = 0.4; squares of the distances 0.16, 0.04, 0, 0.36, mean
  // 0.14.
  ASSERT_EQ(dataset.channel_mean.size(), 1U);
  EXPECT_DOUBLE_EQ(dataset.channel_mean[0], 0.4);
  EXPECT_DOUBLE_EQ(dataset.channel_stddev[0], std::sqrt(0.14));
}

TEST(Dataset, StatisticsAreTakenPerChannel) {
  const Dataset dataset = finish_dataset(float_features({1, 10, 3, 10}, {0, 1}));
  EXPECT_EQ(dataset.channel_mean, (std::vector<double>{2, 10}));
  EXPECT_EQ(dataset.channel_stddev, (std::vector<double>{1, 1}));
}

TEST(Dataset, AConstantChannelHasDeviationOne) {
  std::vector<float> values(2000, 0.1F);
  const Dataset dataset =
      finish_dataset(float_features(values, std::vector<std::int32_t>(1000, 1)));
  EXPECT_EQ(dataset.channel_mean, (std::vector<double>{0.1F, 0.1F}));
  EXPECT_EQ(dataset.channel_stddev, (std::vector<double>{1, 1}));
}

TEST(Dataset, CopiesBytesDividedBy255AndFloatsAsTheyAre) {
  std::vector<float> values(2);
  finish_dataset(two_by_one_grey({0, 0, 51, 255}, {0, 1})).copy_values(1, values);
  EXPECT_EQ(values, (std::vector<float>{51.0F / 255.0F, 1.0F}));
  finish_dataset(float_features({1, 2, -3, 4}, {0, 1})).copy_values(1, values);
  EXPECT_EQ(values, (std::vector<float>{-3, 4}));
}

TEST(Dataset, WithoutSamplesIsAnError) {
  expect_error(ErrorKind::data, {"tiny: holds no samples; check"},
               [] { (void)finish_dataset(two_by_one_grey({}, {})); });
}

TEST(Dataset, WithoutValuesPerSampleIsAnError) {
  expect_error(ErrorKind::data, {"tiny: its samples are empty; check"}, [] {
    Dataset dataset = two_by_one_grey({}, {0});
    dataset.shape.width = 0;
    (void)finish_dataset(std::move(dataset));
  });
}

TEST(Dataset, WithCountsThatDisagreeIsAnError) {
  expect_error(ErrorKind::data,
               {"tiny: 4 values do not make 3 samples of 2; give one label per sample"}, [] {
                 (void)finish_dataset(two_by_one_grey({1, 2, 3, 4}, {0, 1, 0}));
               });
}

TEST(Dataset, ALabelOutOfRangeIsAnErrorThatNamesTheSample) {
  for (const std::int32_t label : {-1, 2}) {
    expect_error(ErrorKind::data,
                 {"tiny: sample 1 has label " + std::to_string(label), "[0, 2)", "correct"}, [&] {
                   (void)finish_dataset(two_by_one_grey({1, 2, 3, 4}, {0, label}));
                 });
  }
}

TEST(Dataset, AFloatThatIsNotFiniteIsAnErrorThatNamesItsPlace) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  expect_error(ErrorKind::data, {"tiny: sample 1 holds nan (value 1 of it); remove"}, [&] {
    (void)finish_dataset(float_features({1, 2, 3, nan}, {0, 1}));
  });
  expect_error(ErrorKind::data, {"tiny: sample 0 holds inf (value 0 of it); remove"}, [&] {
    (void)finish_dataset(float_features({infinity, 2, 3, 4}, {0, 1}));
  });
}

TEST(Dataset, OfOneClassCarriesOneWarning) {
  const Dataset dataset = finish_dataset(two_by_one_grey({1, 2, 3, 4, 5, 6}, {1, 1, 1}));
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_EQ(dataset.warnings[0],
            "tiny: all samples are of one class (dog); there is nothing to learn to tell apart");
  EXPECT_EQ(take_evenly(dataset, 2).warnings, dataset.warnings);
}

TEST(Dataset, OfTwoClassesCarriesNoWarning) {
  EXPECT_TRUE(finish_dataset(two_by_one_grey({1, 2, 3, 4}, {1, 0})).warnings.empty());
}

TEST(Dataset, TakesSamplesAtEvenDistancesAndFinishesThemAnew) {
  const Dataset whole =
      finish_dataset(two_by_one_grey({0, 51, 7, 7, 102, 255, 7, 7}, {0, 0, 1, 1}));
  const Dataset part = take_evenly(whole, 2);  // samples 0 and 2
  EXPECT_EQ(part.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(part.byte_pixels, (std::vector<std::uint8_t>{0, 51, 102, 255}));
  EXPECT_DOUBLE_EQ(part.channel_mean[0], 0.4);
  EXPECT_NE(part.content_hash, whole.content_hash);
}

TEST(Dataset, TakesAllOfItselfWithoutALimitOrWithALargeOne) {
  const Dataset whole = finish_dataset(two_by_one_grey({0, 51, 102, 255}, {0, 1}));
  EXPECT_EQ(take_evenly(whole, 0).content_hash, whole.content_hash);
  EXPECT_EQ(take_evenly(whole, 9).content_hash, whole.content_hash);
}

TEST(Dataset, CountsTheClassesOfChosenSamples) {
  const Dataset dataset = finish_dataset(two_by_one_grey({0, 1, 2, 3, 4, 5}, {0, 1, 1}));
  EXPECT_EQ(class_counts(dataset, all_samples(dataset)), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(class_counts(dataset, std::vector<std::uint32_t>{2}),
            (std::vector<std::uint32_t>{0, 1}));
}

TEST(Dataset, HashTellsClassNamesApartWhereverTheyAreCut) {
  Dataset dataset = two_by_one_grey({1, 2, 3, 4}, {0, 1});
  dataset.class_names = {"a\nb", "c"};
  const std::string hash = finish_dataset(dataset).content_hash;
  dataset.class_names = {"a", "b\nc"};
  EXPECT_NE(finish_dataset(dataset).content_hash, hash);
}

TEST(Dataset, HashDoesNotDependOnTheName) {
  Dataset renamed = two_by_one_grey({1, 2, 3, 4}, {0, 1});
  renamed.name = "elsewhere";
  EXPECT_EQ(finish_dataset(renamed).content_hash,
            finish_dataset(two_by_one_grey({1, 2, 3, 4}, {0, 1})).content_hash);
}

RC_GTEST_PROP(Dataset, HashChangesWithAnyPixelOrLabel, (std::vector<std::uint8_t> pixels)) {
  RC_PRE(!pixels.empty());
  pixels.resize(pixels.size() * 2);
  const std::size_t num_samples = pixels.size() / 2;
  const Dataset dataset = two_by_one_grey(pixels, std::vector<std::int32_t>(num_samples, 0));
  const std::string hash = finish_dataset(dataset).content_hash;

  Dataset other_pixel = dataset;
  other_pixel.byte_pixels[*rc::gen::inRange<std::size_t>(0, pixels.size())] ^= 1;
  RC_ASSERT(finish_dataset(other_pixel).content_hash != hash);
  Dataset other_label = dataset;
  other_label.labels[*rc::gen::inRange<std::size_t>(0, num_samples)] = 1;
  RC_ASSERT(finish_dataset(other_label).content_hash != hash);
}

// Ten samples of one pixel, their own number; classes 0, 1, 0, 1, ...
Dataset ten_numbers() {
  Dataset dataset{.name = "ten", .shape = {1, 1, 1}, .class_names = {"even", "odd"}};
  for (std::uint8_t n = 0; n < 10; ++n) {
    dataset.byte_pixels.push_back(n);
    dataset.labels.push_back(n % 2);
  }
  return finish_dataset(std::move(dataset));
}

using Pixels = std::vector<std::uint8_t>;

TEST(Dataset, IsHalvedClassByClass) {
  const Dataset whole = ten_numbers();
  EXPECT_EQ(take_part(whole, Part::a).byte_pixels, (Pixels{0, 1, 4, 5, 8, 9}));
  EXPECT_EQ(take_part(whole, Part::b).byte_pixels, (Pixels{2, 3, 6, 7}));
  EXPECT_EQ(take_part(whole, Part::all).content_hash, whole.content_hash);
}

TEST(Dataset, IsSampledByASeedInTheOrderOfTheWhole) {
  const Dataset whole = ten_numbers();
  const Pixels drawn = take_at_random(whole, 4, 1).byte_pixels;
  ASSERT_EQ(drawn.size(), 4u);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(take_at_random(whole, 4, 1).byte_pixels, drawn);
  EXPECT_EQ(take_at_random(whole, 0, 1).content_hash, whole.content_hash);
  std::set<Pixels> draws;
  std::vector<int> counts(10);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Pixels pixels = take_at_random(whole, 4, seed).byte_pixels;
    draws.insert(pixels);
    for (const std::uint8_t pixel : pixels) ++counts[pixel];
  }
  EXPECT_GT(draws.size(), 50u);
  // Binomial: 40 of 100 each, standard deviation 4.9.
  for (const int count : counts) EXPECT_NEAR(count, 40, 20);
}

}  // namespace
}  // namespace edgeprune::data
