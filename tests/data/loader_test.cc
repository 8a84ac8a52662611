#include "edgeprune/data/loader.h"

#include "edgeprune/core/random.h"

#include "resample.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace edgeprune::data {
namespace {

using core::BatchPlan;
using core::ErrorKind;
using testing::expect_error;

// Pseudo-random bytes, labels 0, 1, 2 in turn.
Dataset byte_dataset(std::uint32_t num_samples, const ImageShape& shape = {4, 5, 3}) {
  Dataset dataset;
  dataset.name = "test data";
  dataset.shape = shape;
  dataset.class_names = {"0", "1", "2"};
  core::RandomStream draws({.seed = 5});
  for (std::uint32_t at = 0; at < num_samples; ++at) dataset.labels.push_back(at % 3);
  dataset.byte_pixels.resize(num_samples * shape.num_values());
  for (std::uint8_t& pixel : dataset.byte_pixels) pixel = static_cast<std::uint8_t>(draws.next());
  return finish_dataset(std::move(dataset));
}

Dataset as_floats(Dataset dataset) {
  for (const std::uint8_t byte : dataset.byte_pixels) {
    dataset.float_pixels.push_back(static_cast<float>(byte) / 255.0f);
  }
  dataset.byte_pixels.clear();
  return dataset;
}

std::vector<std::uint32_t> shuffled(const Dataset& dataset) {
  return core::random_permutation(dataset.num_samples(), {.seed = 9});
}

std::vector<Batch> whole_pass(const Dataset& dataset, const std::vector<std::uint32_t>& order,
                              std::uint32_t batch_size, const LoaderOptions& options) {
  BatchLoader loader(dataset, order,
                     BatchPlan(static_cast<std::uint32_t>(order.size()), batch_size), options);
  std::vector<Batch> batches;
  while (const Batch* batch = loader.next()) batches.push_back(*batch);
  return batches;
}

bool equal(const Batch& a, const Batch& b) {
  return a.samples == b.samples && a.labels == b.labels && a.images == b.images &&
         a.shape == b.shape;
}

bool equal(std::span<const Batch> a, std::span<const Batch> b) {
  return std::ranges::equal(a, b, [](const Batch& x, const Batch& y) { return equal(x, y); });
}

LoaderOptions all_on(const Dataset& dataset) {
  return {.normalisation = normalisation_of(dataset),
          .augmentation = {.crop_padding_pixels = 2, .horizontal_flip = true},
          .seed = 11,
          .epoch = 4};
}

TEST(Loader, NormalisesBytesAsWorkedOutByHand) {
  Dataset dataset;
  dataset.shape = {1, 2, 2};
  dataset.class_names = {"0"};
  dataset.labels = {0};
  dataset.byte_pixels = {255, 0, 51, 102};  // 1, 0, 0.2, 0.4
  Batch batch;
  fill_batch(dataset, std::vector<std::uint32_t>{0},
             {.normalisation = {.mean = {0.5f, 0.4f}, .stddev = {0.25f, 0.2f}}}, batch);
  const std::vector<float> expected = {2.0f, -2.0f, -1.2f, 0.0f};
  ASSERT_EQ(batch.images.size(), 4u);
  for (int at = 0; at < 4; ++at) EXPECT_FLOAT_EQ(batch.images[at], expected[at]);
}

TEST(Loader, TakesStatisticsFromTheTrainingSet) {
  Dataset dataset;
  dataset.channel_mean = {0.25, 0.5};
  dataset.channel_stddev = {2, 4};
  const Normalisation normalisation = normalisation_of(dataset);
  EXPECT_EQ(normalisation.mean, (std::vector<float>{0.25f, 0.5f}));
  EXPECT_EQ(normalisation.stddev, (std::vector<float>{2, 4}));
}

TEST(Loader, MakesTheSameBatchesFromBytesAndFromFloats) {
  const Dataset bytes = byte_dataset(20);
  const Dataset floats = as_floats(bytes);
  EXPECT_TRUE(equal(whole_pass(bytes, shuffled(bytes), 8, all_on(bytes)),
                    whole_pass(floats, shuffled(bytes), 8, all_on(bytes))));
}

TEST(Loader, NormalisesFeatureVectorsOfBytesPerFeature) {
  const Dataset bytes = byte_dataset(10, {1, 1, 7});
  const Dataset floats = as_floats(bytes);
  const LoaderOptions options{.normalisation = normalisation_of(bytes)};
  EXPECT_EQ(options.normalisation.mean.size(), 7u);
  EXPECT_TRUE(equal(whole_pass(bytes, shuffled(bytes), 4, options),
                    whole_pass(floats, shuffled(bytes), 4, options)));
}

TEST(Loader, LetsALastBatchOfOneJoinTheBatchBefore) {
  const Dataset dataset = byte_dataset(9);
  const auto batches =
      whole_pass(dataset, all_samples(dataset), 4, {.normalisation = normalisation_of(dataset)});
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].samples, (std::vector<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(batches[1].samples, (std::vector<std::uint32_t>{4, 5, 6, 7, 8}));
  EXPECT_EQ(batches[1].labels, (std::vector<std::int32_t>{1, 2, 0, 1, 2}));
  EXPECT_EQ(batches[1].images.size(), 5 * dataset.shape.num_values());
}

TEST(Loader, OfNoSamplesHasNoBatches) {
  const Dataset dataset = byte_dataset(3);
  EXPECT_TRUE(whole_pass(dataset, {}, 4, all_on(dataset)).empty());
}

TEST(Loader, StaysAtTheEnd) {
  const Dataset dataset = byte_dataset(4);
  BatchLoader loader(dataset, all_samples(dataset), BatchPlan(4, 4), all_on(dataset));
  EXPECT_NE(loader.next(), nullptr);
  EXPECT_EQ(loader.next(), nullptr);
  EXPECT_EQ(loader.next(), nullptr);
}

RC_GTEST_PROP(Loader, GivesEveryIndexOnceInTheOrderAskedFor, ()) {
  const auto num_samples = *rc::gen::inRange(1u, 60u);
  const Dataset dataset = byte_dataset(num_samples, {2, 2, 1});
  std::vector<std::uint32_t> seen;
  for (const Batch& batch : whole_pass(dataset, shuffled(dataset), *rc::gen::inRange(1u, 20u),
                                       {.normalisation = normalisation_of(dataset)})) {
    seen.insert(seen.end(), batch.samples.begin(), batch.samples.end());
  }
  RC_ASSERT(seen == shuffled(dataset));
}

RC_GTEST_PROP(Loader, BegunAtAnyBatchGivesTheTailOfTheWholePass, ()) {
  const Dataset dataset = byte_dataset(*rc::gen::inRange(1u, 40u));
  const auto batch_size = *rc::gen::inRange(1u, 12u);
  const auto whole = whole_pass(dataset, shuffled(dataset), batch_size, all_on(dataset));
  LoaderOptions resumed = all_on(dataset);
  resumed.first_batch = *rc::gen::inRange(0u, static_cast<std::uint32_t>(whole.size()) + 1);
  const auto tail = whole_pass(dataset, shuffled(dataset), batch_size, resumed);
  RC_ASSERT(equal(tail, std::span(whole).subspan(resumed.first_batch)));
}

// Two batches at 2 x 3, three at 3 x 4, then as stored.
LoaderOptions rising(const Dataset& dataset) {
  LoaderOptions options = all_on(dataset);
  options.sizes = {{0, 2, 3}, {2, 3, 4}, {5, 4, 5}};
  return options;
}

TEST(Loader, ResamplesWhatItWouldHaveGivenFromEachFirstBatchOn) {
  const Dataset dataset = byte_dataset(30);
  const auto stored = whole_pass(dataset, shuffled(dataset), 4, all_on(dataset));
  const auto batches = whole_pass(dataset, shuffled(dataset), 4, rising(dataset));
  ASSERT_EQ(batches.size(), 8u);
  for (std::size_t k = 0; k < batches.size(); ++k) {
    const Resample resample(dataset.shape, k < 2 ? 2 : k < 5 ? 3 : 4, k < 2 ? 3 : k < 5 ? 4 : 5);
    Batch expected = stored[k];
    EXPECT_EQ(expected.shape, dataset.shape);
    expected.shape = resample.shape();
    expected.images.resize(expected.samples.size() * expected.shape.num_values());
    std::vector<float> scratch(resample.num_scratch_values());
    for (std::size_t at = 0; at < expected.samples.size(); ++at) {
      resample(std::span(stored[k].images).subspan(at * 60, 60), scratch,
               std::span(expected.images).subspan(at * resample.shape().num_values()));
    }
    EXPECT_TRUE(equal(batches[k], expected)) << k;
  }
}

TEST(Loader, GivesImagesAsStoredBeforeTheFirstSize) {
  const Dataset dataset = byte_dataset(12);
  LoaderOptions options = all_on(dataset);
  options.sizes = {{2, 2, 2}};
  const auto batches = whole_pass(dataset, shuffled(dataset), 4, options);
  const auto stored = whole_pass(dataset, shuffled(dataset), 4, all_on(dataset));
  EXPECT_TRUE(equal(std::span(batches).first(2), std::span(stored).first(2)));
  EXPECT_EQ(batches[2].shape, (ImageShape{2, 2, 3}));
}

TEST(Loader, ResampledMakesTheSameBatchesOnAPoolAndBegunAnywhere) {
  const Dataset dataset = byte_dataset(50);
  const auto expected = whole_pass(dataset, shuffled(dataset), 4, rising(dataset));
  for (const int threads : {0, 1, 3}) {
    core::ThreadPool pool(std::max(threads, 1));
    LoaderOptions options = rising(dataset);
    if (threads > 0) options.pool = &pool;
    for (const std::uint32_t first : {0, 1, 2, 4, 5, 9}) {
      options.first_batch = first;
      EXPECT_TRUE(equal(whole_pass(dataset, shuffled(dataset), 4, options),
                        std::span(expected).subspan(first)));
    }
  }
}

TEST(Loader, FillsOneBatchAtTheSizeOfItsPlace) {
  const Dataset dataset = byte_dataset(30);
  LoaderOptions options = rising(dataset);
  const auto expected = whole_pass(dataset, shuffled(dataset), 4, options);
  options.first_batch = 3;
  Batch batch;
  fill_batch(dataset, expected[3].samples, options, batch);
  EXPECT_TRUE(equal(batch, expected[3]));
}

TEST(Loader, RejectsSizesThatImagesDoNotHaveOrOutOfOrder) {
  const Dataset dataset = byte_dataset(6);
  LoaderOptions options = all_on(dataset);
  Batch batch;
  const auto fill = [&] { fill_batch(dataset, all_samples(dataset), options, batch); };
  options.sizes = {{0, 4, 6}};
  expect_error(ErrorKind::config, {"4 x 5", "4 x 6"}, fill);
  options.sizes = {{3, 2, 2}, {3, 4, 5}};
  expect_error(ErrorKind::internal, {"test data", "from batch 3"}, fill);
}

RC_GTEST_PROP(Loader, MakesOfASampleTheSameImageInAnyOrderAndBatch, ()) {
  const Dataset dataset = byte_dataset(12);
  const auto sample = *rc::gen::inRange(0u, 12u);
  Batch alone;
  fill_batch(dataset, std::vector{sample}, all_on(dataset), alone);
  for (const Batch& batch :
       whole_pass(dataset, shuffled(dataset), *rc::gen::inRange(1u, 9u), all_on(dataset))) {
    const auto found = std::ranges::find(batch.samples, sample);
    if (found == batch.samples.end()) continue;
    const auto at = static_cast<std::size_t>(found - batch.samples.begin());
    RC_ASSERT(std::ranges::equal(
        std::span(batch.images).subspan(at * alone.images.size(), alone.images.size()),
        alone.images));
  }
}

TEST(Loader, PadsWithTheMeanColourWhichIsZeroAfterNormalisation) {
  Dataset dataset = byte_dataset(1, {3, 3, 1});
  std::ranges::fill(dataset.byte_pixels, std::uint8_t{200});
  LoaderOptions options{.normalisation = {.mean = {0.5f}, .stddev = {0.5f}},
                        .augmentation = {.crop_padding_pixels = 2}};
  bool padded = false;
  for (options.epoch = 0; options.epoch < 10; ++options.epoch) {
    Batch batch;
    fill_batch(dataset, std::vector<std::uint32_t>{0}, options, batch);
    const float inside = (200.0f / 255.0f - 0.5f) / 0.5f;
    for (const float value : batch.images) {
      EXPECT_TRUE(value == 0.0f || value == inside) << value;
      padded |= value == 0.0f;
    }
  }
  EXPECT_TRUE(padded);
}

TEST(Loader, GivesTheSameBatchesToASlowAndToAFastReader) {
  const Dataset dataset = byte_dataset(50);
  const auto fast = whole_pass(dataset, shuffled(dataset), 4, all_on(dataset));
  BatchLoader loader(dataset, shuffled(dataset), BatchPlan(50, 4), all_on(dataset));
  for (const Batch& expected : fast) {
    const Batch* batch = loader.next();
    ASSERT_NE(batch, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the thread may run ahead: it must
    EXPECT_TRUE(equal(*batch, expected));                       // not touch the batch being read
  }
  EXPECT_EQ(loader.next(), nullptr);
}

TEST(Loader, MakesTheSameBatchesOnAPool) {
  const Dataset dataset = byte_dataset(50);
  const LoaderOptions alone = all_on(dataset);
  for (const int threads : {1, 3}) {
    core::ThreadPool pool(threads);
    LoaderOptions on_pool = alone;
    on_pool.pool = &pool;
    for (const std::uint32_t first : {0, 5}) {
      on_pool.first_batch = first;
      const auto expected = whole_pass(dataset, shuffled(dataset), 4, alone);
      EXPECT_TRUE(equal(whole_pass(dataset, shuffled(dataset), 4, on_pool),
                        std::span(expected).subspan(first)));
    }
  }
}

TEST(Loader, ThrowsWhereAPoolMeetsABadSample) {
  const Dataset dataset = byte_dataset(6);
  core::ThreadPool pool(2);
  LoaderOptions options = all_on(dataset);
  options.pool = &pool;
  BatchLoader loader(dataset, {0, 1, 2, 3, 4, 99}, BatchPlan(6, 2), options);
  EXPECT_NE(loader.next(), nullptr);
  EXPECT_NE(loader.next(), nullptr);
  const auto next = [&] { (void)loader.next(); };
  expect_error(ErrorKind::internal, {"test data", "sample 99 of 6"}, next);
  expect_error(ErrorKind::internal, {"sample 99 of 6"}, next);
}

TEST(Loader, CanBeDestroyedAnywhereInAPass) {
  const Dataset dataset = byte_dataset(64);
  for (int read = 0; read < 20; ++read) {
    BatchLoader loader(dataset, shuffled(dataset), BatchPlan(64, 4), all_on(dataset));
    for (int batch = 0; batch < read; ++batch) (void)loader.next();
  }
}

TEST(Loader, RethrowsAnErrorOfItsThreadAfterTheBatchesBeforeIt) {
  const Dataset dataset = byte_dataset(6);
  BatchLoader loader(dataset, {0, 1, 2, 3, 4, 99}, BatchPlan(6, 2), all_on(dataset));
  EXPECT_NE(loader.next(), nullptr);
  EXPECT_NE(loader.next(), nullptr);
  const auto next = [&] { (void)loader.next(); };
  expect_error(ErrorKind::internal, {"test data", "sample 99 of 6"}, next);
  expect_error(ErrorKind::internal, {"sample 99 of 6"}, next);
}

TEST(Loader, RejectsAPlanForAnotherNumberOfSamples) {
  const Dataset dataset = byte_dataset(6);
  expect_error(ErrorKind::internal, {"does not fit an order of 6"}, [&] {
    BatchLoader(dataset, all_samples(dataset), BatchPlan(7, 2), all_on(dataset));
  });
}

TEST(Loader, RejectsAFirstBatchBehindTheLast) {
  const Dataset dataset = byte_dataset(6);
  LoaderOptions options = all_on(dataset);
  options.first_batch = 4;
  expect_error(ErrorKind::internal, {"begun at batch 4"},
               [&] { BatchLoader(dataset, all_samples(dataset), BatchPlan(6, 2), options); });
}

TEST(Loader, RejectsStatisticsOfOtherChannels) {
  const Dataset dataset = byte_dataset(2);
  Batch batch;
  expect_error(ErrorKind::internal, {"3 channels", "1 means"}, [&] {
    fill_batch(dataset, all_samples(dataset), {.normalisation = {{0.5f}, {0.5f}}}, batch);
  });
}

TEST(Loader, RejectsACropThatCouldLeaveNothing) {
  const Dataset dataset = byte_dataset(2);
  LoaderOptions options = all_on(dataset);
  options.augmentation.crop_padding_pixels = 4;
  Batch batch;
  expect_error(ErrorKind::config, {"padding of 4 pixels", "4 x 5", "at most 3"},
               [&] { fill_batch(dataset, all_samples(dataset), options, batch); });
}

TEST(Loader, RejectsAugmentationOfFeatureVectors) {
  const Dataset dataset = byte_dataset(2, {1, 1, 3});
  Batch batch;
  expect_error(ErrorKind::config, {"feature vectors", "turn augmentation off"},
               [&] { fill_batch(dataset, all_samples(dataset), all_on(dataset), batch); });
}

}  // namespace
}  // namespace edgeprune::data
