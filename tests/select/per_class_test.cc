#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace edgeprune::select {
namespace {

using Labels = std::vector<std::int32_t>;

std::vector<std::uint32_t> count_classes(const Samples& samples, const Labels& labels,
                                         std::uint32_t num_classes) {
  std::vector<std::uint32_t> counts(num_classes);
  for (const std::uint32_t sample : samples) ++counts[static_cast<std::size_t>(labels[sample])];
  return counts;
}

// By hand: class 0 has samples 0, 2, 4, 6 (scores 9, 8, 7, 6), class 1 has 1, 3 (2, 3), class 2
// has 5, 7 (1, 4). M = 4: proportional quotas 2, 1, 1; uniform 1, 1, and 2 for the largest class.
TEST(SelectSamples, KeepsTheBestOfEachClass) {
  const std::vector<float> scores = {9, 2, 8, 3, 7, 1, 6, 4};
  const Labels labels = {0, 1, 0, 1, 0, 2, 0, 2};
  const SelectionInput input = {
      .scores = scores, .labels = labels, .num_classes = 3, .num_samples = 8, .num_kept = 4};
  const Strategy& top = strategy_named("top");
  EXPECT_EQ(select_samples(top, PerClass::none, input), (Samples{0, 2, 4, 6}));
  EXPECT_EQ(select_samples(top, PerClass::proportional, input), (Samples{0, 2, 3, 7}));
  EXPECT_EQ(select_samples(top, PerClass::uniform, input), (Samples{0, 2, 3, 7}));
  SelectionInput more = input;
  more.num_kept = 6;  // proportional 3, 1.5, 1.5: the tie goes to class 1; uniform 2 each
  EXPECT_EQ(select_samples(top, PerClass::proportional, more), (Samples{0, 1, 2, 3, 4, 7}));
  EXPECT_EQ(select_samples(top, PerClass::uniform, more), (Samples{0, 1, 2, 3, 5, 7}));
}

// A strategy that keeps what it is told to and looks at everything it is given.
std::vector<SelectionInput> seen;
std::vector<std::vector<float>> seen_features;
Samples look_around(const SelectionInput& input) {
  seen.push_back(input);
  for (std::uint32_t n = 0; n < input.num_samples; ++n) {
    EXPECT_EQ(input.scores[n], input.column("other")[n] - 100);
    EXPECT_EQ(input.features(Samples{n}).values[0], input.scores[n]);
  }
  const FeatureMatrix features = input.features(Samples{input.num_samples - 1, 0});
  EXPECT_EQ(features.width, 2u);
  seen_features.push_back(features.values);
  Samples kept(input.num_kept);
  std::iota(kept.begin(), kept.end(), 0u);
  return kept;
}

TEST(SelectSamples, ShowsAClassItsOwnScoresLabelsColumnsAndFeatures) {
  const std::vector<float> scores = {0, 1, 2, 3, 4};
  const std::vector<float> other = {100, 101, 102, 103, 104};
  const Labels labels = {1, 0, 1, 1, 0};
  const SelectionInput input = {
      .scores = scores,
      .labels = labels,
      .num_classes = 2,
      .num_samples = 5,
      .num_kept = 3,
      .seed = 9,
      .column = [&](std::string_view) { return std::span<const float>(other); },
      .features =
          [](std::span<const std::uint32_t> samples) {
            FeatureMatrix features{.values = {}, .width = 2};
            for (const std::uint32_t sample : samples) {
              features.values.push_back(static_cast<float>(sample));
              features.values.push_back(-static_cast<float>(sample));
            }
            return features;
          }};
  seen.clear();
  seen_features.clear();
  const Strategy strategy = {.name = "look_around", .select = look_around};
  // 3 of 5: exact shares 1.2 and 1.8, so that class 0 keeps 1 and class 1 keeps 2.
  EXPECT_EQ(select_samples(strategy, PerClass::proportional, input), (Samples{0, 1, 2}));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].num_samples, 2u);
  EXPECT_EQ(seen[1].num_samples, 3u);
  EXPECT_EQ(seen[0].num_classes, 2u);
  EXPECT_NE(seen[0].seed, seen[1].seed);
  EXPECT_EQ(seen_features[0], (std::vector<float>{4, -4, 1, -1}));
  EXPECT_EQ(seen_features[1], (std::vector<float>{3, -3, 0, 0}));
}

TEST(SelectSamples, DrawsInEachClassIndependently) {
  constexpr std::uint32_t kSamples = 200;
  Labels labels(kSamples);
  for (std::uint32_t n = 0; n < kSamples; ++n) labels[n] = n % 2;
  const Samples kept = select_samples(
      strategy_named("random"), PerClass::proportional,
      {.labels = labels, .num_classes = 2, .num_samples = kSamples, .num_kept = 100});
  Samples even;
  Samples odd;
  for (const std::uint32_t sample : kept) (sample % 2 == 0 ? even : odd).push_back(sample / 2);
  EXPECT_EQ(even.size(), 50u);
  EXPECT_NE(even, odd);
}

TEST(SelectSamples, RefusesQuotasForStrategiesWithoutASelection) {
  for (const char* name : {"rs2", "infobatch", "file"}) {
    testing::expect_error(core::ErrorKind::config, {"the quota per class is uniform", name}, [&] {
      (void)select_samples(strategy_named(name), PerClass::uniform, {});
    });
    testing::expect_error(core::ErrorKind::internal, {name},
                          [&] { (void)select_samples(strategy_named(name), PerClass::none, {}); });
  }
}

TEST(SelectSamples, ALabelThatIsNoClassIsAnInternalError) {
  for (const Labels& labels : {Labels{}, Labels{0, 2}, Labels{0, -1}}) {
    testing::expect_error(core::ErrorKind::internal, {"labels"}, [&] {
      (void)select_samples(strategy_named("random"), PerClass::uniform,
                           {.labels = labels, .num_classes = 2, .num_samples = 2, .num_kept = 1});
    });
  }
}

Samples keep_none(const SelectionInput&) {
  return {};
}

TEST(SelectSamples, ASelectionOfAnotherSizeIsAnInternalError) {
  testing::expect_error(core::ErrorKind::internal, {"forgetful", "0", "1"}, [] {
    (void)select_samples({.name = "forgetful", .select = keep_none}, PerClass::none,
                         {.num_samples = 2, .num_kept = 1});
  });
}

TEST(PerClassNames, AreThoseOfTheConfiguration) {
  EXPECT_EQ(name_of(PerClass::none), "none");
  EXPECT_EQ(name_of(PerClass::proportional), "proportional");
  EXPECT_EQ(name_of(PerClass::uniform), "uniform");
}

struct Labelled {
  std::vector<float> scores;
  Labels labels;
  std::uint32_t num_classes = 0;
  std::uint32_t num_kept = 0;
  std::vector<std::uint32_t> counts;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(scores.size()); }
  [[nodiscard]] SelectionInput input() const {
    return {.scores = scores,
            .labels = labels,
            .num_classes = num_classes,
            .num_samples = size(),
            .num_kept = num_kept,
            .seed = 4};
  }
};

Labelled any_labelled() {
  Labelled data{.scores = any_scores()};
  data.num_classes = *rc::gen::inRange<std::uint32_t>(1, 6);
  data.labels = *rc::gen::container<Labels>(
      data.scores.size(),
      rc::gen::inRange<std::int32_t>(0, static_cast<std::int32_t>(data.num_classes)));
  data.num_kept = any_num_kept(data.scores.size());
  data.counts =
      count_classes(select_all({.num_samples = data.size()}), data.labels, data.num_classes);
  return data;
}

const Strategy& any_selector() {
  return strategy_named(*rc::gen::element<std::string_view>("top", "bottom", "middle", "random",
                                                            "random_scratch", "stratified"));
}

RC_GTEST_PROP(SelectSamplesProperty, ProportionalQuotasAreWithinOneOfTheExactShare, ()) {
  const Labelled data = any_labelled();
  const Samples kept = select_samples(any_selector(), PerClass::proportional, data.input());
  RC_ASSERT(is_selection(kept, data.num_kept, data.size()));
  const auto quotas = count_classes(kept, data.labels, data.num_classes);
  for (std::size_t c = 0; c < quotas.size(); ++c) {
    const double share = static_cast<double>(data.num_kept) * data.counts[c] / data.size();
    RC_ASSERT(std::abs(quotas[c] - share) < 1);
  }
}

RC_GTEST_PROP(SelectSamplesProperty, UniformQuotasDifferByMoreThanOneOnlyWhereAClassIsUsedUp, ()) {
  const Labelled data = any_labelled();
  const Samples kept = select_samples(any_selector(), PerClass::uniform, data.input());
  RC_ASSERT(is_selection(kept, data.num_kept, data.size()));
  const auto quotas = count_classes(kept, data.labels, data.num_classes);
  const std::uint32_t most = *std::max_element(quotas.begin(), quotas.end());
  for (std::size_t c = 0; c < quotas.size(); ++c) {
    if (quotas[c] + 1 < most) RC_ASSERT(quotas[c] == data.counts[c]);
  }
}

RC_GTEST_PROP(SelectSamplesProperty, OneClassIsLikeNoQuotasForWhateverDrawsNothing, ()) {
  Labelled data = any_labelled();
  data.num_classes = 1;
  std::fill(data.labels.begin(), data.labels.end(), 0);
  for (const char* name : {"top", "bottom", "middle"}) {
    RC_ASSERT(select_samples(strategy_named(name), PerClass::uniform, data.input()) ==
              select_samples(strategy_named(name), PerClass::none, data.input()));
  }
}

}  // namespace
}  // namespace edgeprune::select
