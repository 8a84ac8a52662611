#include "run_warnings.h"

#include "edgeprune/nn/networks.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

const select::Strategy& top() {
  return select::strategy_named("top");
}

TEST(ScoreWarnings, AreNoneForScoresThatDiffer) {
  const std::vector<float> values = {1, 2, 3};
  EXPECT_TRUE(score_warnings(top(), {.score = "loss", .values = values}).empty());
}

TEST(ScoreWarnings, NameTheSpreadOfConstantScores) {
  const std::vector<float> values = {2.302f, 2.303f, 2.304f};
  const auto lines = score_warnings(top(), {.score = "loss", .values = values});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("mean 2.303, standard deviation 0.001)"), std::string::npos) << lines[0];
}

TEST(ScoreWarnings, SpeakOfWrongLabelsToTopAlone) {
  const std::vector<float> values = {1, 2, 3};
  const ScoreFindings findings = {
      .score = "loss",
      .values = values,
      .label_noise = score::LabelNoise{.share = 0.3, .standard_error = 0.04}};
  const auto lines = score_warnings(top(), findings);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("30 % of the labels look wrong (standard error 4 %)"), std::string::npos);
  EXPECT_TRUE(score_warnings(select::strategy_named("stratified"), findings).empty());
}

TEST(ScoreWarnings, DoNotTrustAnUncertainEstimate) {
  const std::vector<float> values = {1, 2, 3};
  EXPECT_TRUE(
      score_warnings(top(), {.score = "loss",
                             .values = values,
                             .label_noise = score::LabelNoise{.share = 0.3, .standard_error = 0.1}})
          .empty());
}

std::vector<std::string> warnings_of(const std::string& strategy,
                                     const std::vector<std::string>& overrides) {
  const config::Config config = config::read_config("", overrides);
  const nn::Network network = nn::mlp({1, 1, 4}, {}, 2);
  const select::Strategy& row = select::strategy_named(strategy);
  return plan_warnings(config, row, plan_run(config, row, 1000, network), 100);
}

TEST(PlanWarnings, AreNoneWhereAllIsWell) {
  EXPECT_TRUE(warnings_of("top", {}).empty());
  EXPECT_TRUE(warnings_of("random", {"prune.constraint=storage"}).empty());
  EXPECT_TRUE(warnings_of("rs2", {}).empty());
}

// One epoch on 0.9 of the data and a warm-up of one pass: 1.9 of a full epoch.
TEST(PlanWarnings, NameTheCostOfAWarmUpThatSavesNothing) {
  const auto lines = warnings_of("top", {"train.epochs=1", "prune.keep_ratio=0.9"});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("1.90 of the work"), std::string::npos) << lines[0];
}

TEST(PlanWarnings, NameTheBytesThatADynamicStrategyKeeps) {
  for (const char* strategy : {"rs2", "infobatch", "short"}) {
    const auto lines = warnings_of(strategy, {"prune.constraint=storage", "prune.keep_ratio=0.1"});
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find("keeps all 1,000 samples stored (100 kB)"), std::string::npos)
        << lines[0];
    EXPECT_NE(lines[0].find("would keep 100 (10 kB)"), std::string::npos) << lines[0];
  }
}

}  // namespace
}  // namespace edgeprune::run
