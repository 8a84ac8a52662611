#include "edgeprune/core/error.h"
#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace edgeprune::select {
namespace {

TEST(Strategies, HaveNamesOfTheirOwnAndAreFoundByThem) {
  std::set<std::string_view> names;
  for (const Strategy& strategy : strategies()) {
    EXPECT_TRUE(names.insert(strategy.name).second) << strategy.name;
    EXPECT_EQ(&strategy_named(strategy.name), &strategy);
  }
}

TEST(Strategies, SayAllThereIsToSay) {
  for (const Strategy& strategy : strategies()) {
    for (const std::string_view said : {strategy.summary, strategy.formula, strategy.source,
                                        strategy.direction, strategy.time, strategy.memory}) {
      EXPECT_FALSE(said.empty()) << strategy.name;
    }
  }
}

// `file` is told what to keep, `auto` stands for another row.
TEST(Strategies, ChooseOnceOrEachEpochOrNotByThemselves) {
  for (const Strategy& strategy : strategies()) {
    EXPECT_FALSE(strategy.select != nullptr && strategy.sampler != nullptr) << strategy.name;
    const bool by_itself = strategy.select != nullptr || strategy.sampler != nullptr;
    EXPECT_EQ(by_itself, strategy.name != "file" && strategy.name != "auto") << strategy.name;
  }
}

TEST(Strategies, WarmUpWhereTheyNeedScoresOrFeatures) {
  for (const Strategy& strategy : strategies()) {
    if (!strategy.score.empty() || strategy.needs_features) {
      EXPECT_TRUE(strategy.warms_up) << strategy.name;
    }
  }
}

TEST(Strategies, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  testing::expect_error(core::ErrorKind::config,
                        {"\"glister\"", "top, bottom, middle, stratified", "short, full"},
                        [] { (void)strategy_named("glister"); });
}

TEST(Strategies, AMistypedNameIsAnErrorThatNamesTheNearest) {
  testing::expect_error(core::ErrorKind::config, {"\"startified\"", "did you mean stratified?"},
                        [] { (void)strategy_named("startified"); });
  testing::expect_error(core::ErrorKind::config, {"\"a\\x0ab\""},
                        [] { (void)strategy_named("a\nb"); });
}

// METHOD section 5: what each control shares with Algorithm 1.
TEST(Strategies, DifferFromTopInWhatTheyControl) {
  EXPECT_TRUE(strategy_named("top").warms_up);
  EXPECT_TRUE(strategy_named("random").warms_up);
  EXPECT_FALSE(strategy_named("random_scratch").warms_up);
  EXPECT_TRUE(strategy_named("short").keeps_all);
  EXPECT_EQ(strategy_named("short").duration, Duration::total_steps);
  EXPECT_TRUE(strategy_named("full").keeps_all);
  EXPECT_EQ(strategy_named("full").duration, Duration::epochs);
}

TEST(Strategies, ThatChooseEachEpochDoNotWarmUp) {
  for (const char* name : {"rs2", "infobatch"}) {
    EXPECT_NE(strategy_named(name).sampler, nullptr);
    EXPECT_FALSE(strategy_named(name).warms_up);
  }
}

TEST(Strategies, SelectExactlyWhatIsAskedInAscendingOrder) {
  const std::vector<float> scores = {3, 1, 4, 1, 5, 9, 2, 6};
  const std::vector<std::int32_t> labels = {0, 0, 1, 1, 0, 1, 0, 1};
  const SelectionInput input = {
      .scores = scores,
      .labels = labels,
      .num_classes = 2,
      .num_samples = 8,
      .num_kept = 3,
      .seed = 1,
      .column = [&](std::string_view) { return std::span<const float>(scores); },
      .features =
          [&](std::span<const std::uint32_t> samples) {
            FeatureMatrix features{.values = {}, .width = 1};
            for (const std::uint32_t sample : samples) features.values.push_back(scores[sample]);
            return features;
          }};
  for (const Strategy& strategy : strategies()) {
    if (strategy.select == nullptr) continue;
    SelectionInput asked = input;
    if (strategy.keeps_all) asked.num_kept = 8;
    EXPECT_TRUE(is_selection(strategy.select(asked), asked.num_kept, 8)) << strategy.name;
  }
}

TEST(Strategies, OneOfOnesOwnSelectsLikeOursAndUnderQuotas) {
  const std::uint32_t first = 1;  // of one's own: what it captures needs no place elsewhere
  StrategyCatalogue with_mine = strategies();
  with_mine.add({.name = "from_first", .select = [first](const SelectionInput& input) {
                   Samples kept(input.num_kept);
                   for (std::uint32_t i = 0; i < kept.size(); ++i) kept[i] = first + i;
                   return kept;
                 }});
  const Strategy& mine = with_mine.named("from_first");
  const std::vector<std::int32_t> labels = {0, 1, 0, 1, 0, 1};
  const SelectionInput input = {
      .labels = labels, .num_classes = 2, .num_samples = 6, .num_kept = 4};
  EXPECT_EQ(select_samples(mine, PerClass::none, input), (Samples{1, 2, 3, 4}));
  EXPECT_EQ(select_samples(mine, PerClass::uniform, input), (Samples{2, 3, 4, 5}));
  EXPECT_EQ(strategies().find("from_first"), nullptr);
}

TEST(SelectTop, KeepsTheHighestScores) {
  const std::vector<float> scores = {3, 1, 4, 1, 5};
  EXPECT_EQ(select_top({.scores = scores, .num_samples = 5, .num_kept = 2}), (Samples{2, 4}));
}

TEST(SelectAll, KeepsAll) {
  EXPECT_EQ(select_all({.num_samples = 4, .num_kept = 4}), (Samples{0, 1, 2, 3}));
}

Samples random_samples(std::uint32_t num_samples, std::uint32_t num_kept, std::uint64_t seed) {
  return select_random({.num_samples = num_samples, .num_kept = num_kept, .seed = seed});
}

TEST(SelectRandom, IsAFunctionOfTheSeed) {
  EXPECT_EQ(random_samples(1000, 100, 7), random_samples(1000, 100, 7));
  EXPECT_NE(random_samples(1000, 100, 7), random_samples(1000, 100, 8));
}

TEST(SelectRandom, IgnoresScores) {
  const std::vector<float> scores = {3, 1, 4, 1, 5};
  EXPECT_EQ(select_random({.scores = scores, .num_samples = 5, .num_kept = 2, .seed = 3}),
            random_samples(5, 2, 3));
}

TEST(SelectRandom, KeepsEverySampleEquallyOften) {
  constexpr std::uint32_t kSamples = 10;
  constexpr std::uint32_t kKept = 3;
  constexpr int kSeeds = 3000;
  std::vector<int> counts(kSamples);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const std::uint32_t sample : random_samples(kSamples, kKept, seed)) ++counts[sample];
  }
  // Five standard deviations of a count of 3000 draws with probability 0.3.
  for (const int count : counts) EXPECT_NEAR(count, 900, 5 * std::sqrt(3000 * 0.3 * 0.7));
}

RC_GTEST_PROP(SelectRandomProperty, ALargerKeepRatioKeepsAllThatASmallerOneKept,
              (std::uint64_t seed)) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 500);
  const auto more = *rc::gen::inRange<std::uint32_t>(1, num_samples + 1);
  const auto fewer = *rc::gen::inRange<std::uint32_t>(1, more + 1);
  const Samples large = random_samples(num_samples, more, seed);
  const Samples small = random_samples(num_samples, fewer, seed);
  RC_ASSERT(large.size() == more);
  RC_ASSERT(small.size() == fewer);
  RC_ASSERT(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

}  // namespace
}  // namespace edgeprune::select
