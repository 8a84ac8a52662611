#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <variant>

namespace edgeprune::select {
namespace {

std::unique_ptr<Sampler> infobatch(std::uint32_t num_samples, std::uint32_t num_kept,
                                   std::uint32_t epochs, std::uint64_t seed = 1) {
  return sample_infobatch({.num_samples = num_samples, .num_kept = num_kept, .seed = seed}, epochs);
}

Samples all(std::uint32_t num_samples) {
  return select_all({.num_samples = num_samples, .num_kept = num_samples});
}

void observe_all(Sampler& sampler, const std::vector<float>& losses) {
  const Samples samples = all(static_cast<std::uint32_t>(losses.size()));
  sampler.observe({.samples = samples, .losses = losses});
}

void expect_everything(const Pass& pass, std::uint32_t num_samples) {
  EXPECT_EQ(pass.samples, all(num_samples));
  for (const float weight : pass.weights) EXPECT_EQ(weight, 1.0f);
}

TEST(SampleInfoBatch, ShowsEverythingInTheFirstEpoch) {
  expect_everything(infobatch(50, 10, 20)->pass(0), 50);
}

// By hand: the mean of the losses is 2, six lie below it, 1 - r = 1/2 keeps three of them with
// weight 2; the four others stay.
TEST(SampleInfoBatch, SkipsAShareOfTheWellLearnedAndWeighsTheOthersUp) {
  const auto sampler = infobatch(10, 5, 20);
  observe_all(*sampler, {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 2, 5, 5, 5});
  const Pass pass = sampler->pass(1);
  EXPECT_EQ(count_between(pass.samples, 0, 6), 3u);
  EXPECT_EQ(count_between(pass.samples, 6, 10), 4u);
  ASSERT_EQ(pass.weights.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(pass.weights[i], i < 3 ? 2.0f : 1.0f);
}

// The counts that the authors' code leaves of the same losses (make_selection_golden.py).
TEST(SampleInfoBatch, ShowsAsManyAsTheAuthorsCode) {
  const auto shown = [](std::uint32_t num_samples, std::uint32_t num_below,
                        std::uint32_t num_kept) {
    const auto sampler = infobatch(num_samples, num_kept, 10);
    std::vector<float> losses(num_samples, 2);
    std::fill(losses.begin(), losses.begin() + num_below, 0.5f);
    observe_all(*sampler, losses);
    return sampler->pass(3).samples.size();
  };
  EXPECT_EQ(shown(1000, 673, 500), 663u);
  EXPECT_EQ(shown(1000, 671, 300), 530u);
  EXPECT_EQ(shown(50, 29, 35), 41u);
}

TEST(SampleInfoBatch, ShowsEverythingInTheLastEighthOfTheEpochs) {
  const auto full_epochs = [](std::uint32_t epochs) {
    const auto sampler = infobatch(8, 4, epochs);
    observe_all(*sampler, {1, 2, 3, 4, 5, 6, 7, 8});
    std::uint32_t full = 0;
    while (full < epochs && sampler->pass(epochs - 1 - full).samples.size() == 8) ++full;
    return full;
  };
  EXPECT_EQ(full_epochs(2), 1u);
  EXPECT_EQ(full_epochs(8), 1u);
  EXPECT_EQ(full_epochs(10), 2u);
  EXPECT_EQ(full_epochs(30), 4u);
  EXPECT_EQ(full_epochs(200), 25u);
  const auto sampler = infobatch(8, 4, 8);
  observe_all(*sampler, {1, 2, 3, 4, 5, 6, 7, 8});
  expect_everything(sampler->pass(7), 8);
}

TEST(SampleInfoBatch, RemembersTheLossOfASkippedSample) {
  const auto sampler = infobatch(4, 2, 100);
  observe_all(*sampler, {1, 1, 9, 9});
  const Samples samples = {0, 2, 3};
  const std::vector<float> losses = {20, 0, 0};
  sampler->observe({.samples = samples, .losses = losses});
  // Now 20, 1, 0, 0: the mean is 5.25, and sample 0 alone lies above it.
  for (std::uint32_t epoch = 1; epoch < 20; ++epoch) {
    const Pass pass = sampler->pass(epoch);
    EXPECT_EQ(pass.samples.size(), 2u);  // sample 0 and one of three
    EXPECT_EQ(pass.samples.front(), 0u);
    EXPECT_EQ(pass.weights, (std::vector<float>{1, 2}));
  }
}

// Over many epochs the mean weight of each sample is 1: the gradient is unbiased.
TEST(SampleInfoBatch, WeighsEverySampleAlikeInTheLongRun) {
  constexpr std::uint32_t kEpochs = 100000;
  constexpr std::uint32_t kShown = 4000;
  const auto sampler = infobatch(10, 5, kEpochs);
  observe_all(*sampler, {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 2, 5, 5, 5});
  std::vector<double> weights(10);
  for (std::uint32_t epoch = 0; epoch < kShown; ++epoch) {
    const Pass pass = sampler->pass(epoch);
    for (std::size_t i = 0; i < pass.samples.size(); ++i) {
      weights[pass.samples[i]] += pass.weights[i] / kShown;
    }
  }
  // A weight of 2 with probability 1/2: five standard errors.
  for (const double weight : weights) EXPECT_NEAR(weight, 1, 5 / std::sqrt(kShown));
}

void restore(Sampler& to, Sampler& from) {
  const auto saved = from.state();
  const auto places = to.state();
  ASSERT_EQ(saved.size(), places.size());
  for (std::size_t i = 0; i < saved.size(); ++i) {
    ASSERT_EQ(saved[i].name, places[i].name);
    const auto values = std::get<std::span<float>>(saved[i].values);
    const auto place = std::get<std::span<float>>(places[i].values);
    ASSERT_EQ(values.size(), place.size());
    std::copy(values.begin(), values.end(), place.begin());
  }
}

TEST(SampleInfoBatch, GoesOnFromItsStateInTheMidstOfAnEpoch) {
  const auto sampler = infobatch(6, 3, 20);
  observe_all(*sampler, {1, 2, 3, 4, 5, 6});
  const Pass pass = sampler->pass(4);
  observe_all(*sampler, {6, 5, 4, 3, 2, 1});
  const auto resumed = infobatch(6, 3, 20);
  restore(*resumed, *sampler);
  EXPECT_EQ(resumed->pass(4).samples, pass.samples);
  EXPECT_EQ(resumed->pass(5).samples, sampler->pass(5).samples);
}

TEST(SampleInfoBatch, GoesOnFromItsState) {
  const auto sampler = infobatch(6, 3, 20);
  observe_all(*sampler, {1, 2, 3, 4, 5, 6});
  const auto resumed = infobatch(6, 3, 20);
  restore(*resumed, *sampler);
  for (std::uint32_t epoch = 0; epoch < 20; ++epoch) {
    EXPECT_EQ(resumed->pass(epoch).samples, sampler->pass(epoch).samples);
    EXPECT_EQ(resumed->pass(epoch).weights, sampler->pass(epoch).weights);
  }
}

RC_GTEST_PROP(SampleInfoBatchProperty, ShowsEveryHardSampleAndTheShareOfTheOthers,
              (std::uint64_t seed)) {
  std::vector<float> losses = any_scores();
  const auto size = static_cast<std::uint32_t>(losses.size());
  const std::uint32_t num_kept = any_num_kept(size);
  const auto sampler = infobatch(size, num_kept, 100, seed);
  observe_all(*sampler, losses);
  const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / size;
  const auto epoch = *rc::gen::inRange<std::uint32_t>(1, 80);
  const Pass pass = sampler->pass(epoch);
  RC_ASSERT(sampler->pass(epoch).samples == pass.samples);
  RC_ASSERT(is_selection(pass.samples, static_cast<std::uint32_t>(pass.samples.size()), size));
  RC_ASSERT(pass.weights.size() == pass.samples.size());
  std::uint64_t num_learned = 0;
  for (const float loss : losses) num_learned += loss < mean ? 1 : 0;
  RC_ASSERT(pass.samples.size() == size - num_learned + num_learned * num_kept / size);
  for (std::size_t i = 0; i < pass.samples.size(); ++i) {
    const bool learned = losses[pass.samples[i]] < mean;
    RC_ASSERT(pass.weights[i] == (learned ? static_cast<float>(size) / num_kept : 1.0f));
  }
}

}  // namespace
}  // namespace edgeprune::select
