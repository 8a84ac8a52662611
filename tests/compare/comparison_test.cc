#include "edgeprune/compare/comparison.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::compare {
namespace {

using core::ErrorKind;
using testing::expect_error;

Comparison parsed(const std::string& toml) {
  return parse_comparison(toml, "compare.toml");
}

std::vector<std::string> texts(const Comparison& comparison) {
  std::vector<std::string> texts;
  for (const StrategySpec& spec : comparison.strategies) texts.push_back(spec.text());
  return texts;
}

TEST(Comparison, HasTheControlsFirstAndOnce) {
  const Comparison comparison = parsed("[compare]\nstrategies = [\"short\", \"top\", \"top\"]\n");
  EXPECT_EQ(texts(comparison),
            (std::vector<std::string>{"full", "random", "random_scratch", "short", "top"}));
}

TEST(Comparison, HasThreeRatiosThreeSeedsAndOneSettingUnlessToldOtherwise) {
  const Comparison comparison = parsed("[compare]\nstrategies = [\"top\"]\n");
  EXPECT_EQ(comparison.keep_ratios.size(), 3u);
  EXPECT_EQ(comparison.seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  ASSERT_EQ(comparison.settings.size(), 1u);
  EXPECT_TRUE(comparison.settings[0].overrides.empty());
  EXPECT_EQ(comparison.match, Match::kept);
}

TEST(Comparison, KeepsRatiosAsWrittenAndTakesACountOrAListOfSeeds) {
  const Comparison counted =
      parsed("[compare]\nstrategies = [\"top\"]\nkeep_ratios = [0.29, \"0.10\"]\nseeds = 2\n");
  EXPECT_EQ(counted.keep_ratios[0].num_kept(100), 29u);
  EXPECT_EQ(counted.keep_ratios[1].as_written(), "0.10");
  EXPECT_EQ(counted.seeds, (std::vector<std::uint64_t>{1, 2}));
  const Comparison listed = parsed("[compare]\nstrategies = [\"top\"]\nseeds = [7, 0]\n");
  EXPECT_EQ(listed.seeds, (std::vector<std::uint64_t>{7, 0}));
}

TEST(Comparison, TakesSettingsAsOverridesTablesAndDottedKeys) {
  const Comparison comparison = parsed(
      "[compare]\nstrategies = [\"top\"]\n"
      "settings = [\"train.epochs=3\", {name = \"few\", train_limit = 50}]\n");
  ASSERT_EQ(comparison.settings.size(), 2u);
  EXPECT_EQ(comparison.settings[0].name, "train.epochs=3");
  EXPECT_EQ(comparison.config(comparison.settings[0]).train.epochs, 3u);
  EXPECT_EQ(comparison.settings[1].name, "few");
  EXPECT_EQ(comparison.config(comparison.settings[1]).data.train_limit, 50u);
  const Comparison tables = parsed(
      "[compare]\nstrategies = [\"top\"]\n[[compare.settings]]\nname = \"mlp\"\n"
      "model.network = \"mlp\"\ntrain.learning_rate = 0.5\n");
  const config::Config config = tables.config(tables.settings[0]);
  EXPECT_EQ(config.model.network, "mlp");
  EXPECT_FLOAT_EQ(config.train.schedule.base_learning_rate, 0.5f);
}

TEST(Comparison, RunsEverySettingUnderEveryRecipe) {
  const std::string toml =
      "[compare]\nstrategies = [\"top\"]\nsettings = [\"train.epochs=3\", \"train.epochs=4\"]\n"
      "recipes = [\"auto\"]\n";
  const Comparison of_file = parsed(toml);
  ASSERT_EQ(of_file.settings.size(), 2u);
  EXPECT_EQ(of_file.settings[1].name, "train.epochs=4, recipe auto");
  const Comparison told = parse_comparison(toml, "compare.toml", {}, {"as_given", "auto"});
  ASSERT_EQ(told.settings.size(), 4u);
  const config::Config last = told.config(told.settings[3]);
  EXPECT_EQ(last.train.epochs, 4u);
  EXPECT_EQ(last.train.recipe, train::Recipe::automatic);
  EXPECT_EQ(told.config(told.settings[2]).train.recipe, train::Recipe::as_given);
}

TEST(Comparison, LeavesTheConfigurationsLinesWhereTheyWere) {
  const std::string toml =
      "[train]\nepochs = 2\n\n[compare]\nstrategies = [\n  \"top\",\n]\n"
      "[[compare.settings]]\nname = \"a\"\n\n[prune]\nkeep_ratio = 1.4\n";
  expect_error(ErrorKind::config, {"compare.toml:12", "prune.keep_ratio is 1.4"},
               [&] { (void)parsed(toml); });
}

TEST(Comparison, MayStandBeforeOtherSectionsAndBetweenThem) {
  const Comparison comparison = parsed(
      "[compare]\nstrategies = [\"top\"]\n[data]\ntrain_limit = 7\n[[compare.settings]]\n"
      "name = \"a\"\n[train]\nepochs = 9\n");
  const config::Config config = comparison.config(comparison.settings[0]);
  EXPECT_EQ(config.data.train_limit, 7u);
  EXPECT_EQ(config.train.epochs, 9u);
}

TEST(Comparison, NamesThePlaceOfAMistake) {
  expect_error(ErrorKind::config, {"compare.toml:3", "compare.seeds is 0"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nseeds = 0\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "compare.seeds"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nseeds = [1, -2]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "(0, 1]"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nkeep_ratios = [2.0]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "\"kept\" or \"cost\""},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nmatch = \"time\"\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "did you mean kept?"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nmatch = \"kep\"\n"); });
  expect_error(ErrorKind::config,
               {"compare.toml:2", "compare.strategy is not a field", "did you mean strategies?"},
               [] { (void)parsed("[compare]\nstrategy = [\"top\"]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:4", "name"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\n\n[[compare.settings]]\ntrain_limit = 5\n");
  });
  expect_error(ErrorKind::config, {"compare.toml:3", "patience", "section.key"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\nsettings = [{name = \"a\", patience = 5}]\n");
  });
  expect_error(ErrorKind::config, {"compare.toml:3", "did you mean train_limit?"}, [] {
    (void)parsed(
        "[compare]\nstrategies = [\"top\"]\nsettings = [{name = \"a\", tain_limit = 5}]\n");
  });
  expect_error(ErrorKind::config, {"compare.toml:2", "compare.strategies is [ 3 ]"},
               [] { (void)parsed("[compare]\nstrategies = [3]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "compare.keep_ratios is [ true ]"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nkeep_ratios = [true]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:2", "not valid TOML"},
               [] { (void)parsed("[compare]\nstrategies = [\n"); });
}

TEST(Comparison, RefusesWhatCannotBeCompared) {
  expect_error(ErrorKind::config, {"[compare]"}, [] { (void)parsed("[train]\nepochs = 2\n"); });
  expect_error(ErrorKind::config, {"compare.strategies"},
               [] { (void)parsed("[compare]\nseeds = 2\n"); });
  expect_error(ErrorKind::config, {"ranodm"},
               [] { (void)parsed("[compare]\nstrategies = [\"ranodm\"]\n"); });
  expect_error(ErrorKind::config, {"\"file\"", "leave it out"},
               [] { (void)parsed("[compare]\nstrategies = [\"file\"]\n"); });
  expect_error(ErrorKind::config, {"0.5", "twice"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\nkeep_ratios = [0.5, \"0.50\"]\n");
  });
  expect_error(ErrorKind::config, {"prune.keep_ratio", "leave it out"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\nsettings = [\"prune.keep_ratio=0.5\"]\n");
  });
  expect_error(ErrorKind::config, {"compare.settings \"train.recipe=auto\"", "leave one of them"},
               [] {
                 (void)parsed(
                     "[compare]\nstrategies = [\"top\"]\nsettings = [\"train.recipe=auto\"]\n"
                     "recipes = [\"auto\"]\n");
               });
  expect_error(ErrorKind::config, {"compare.recipes", "\"auto\" twice"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\nrecipes = [\"auto\", \"auto\"]\n");
  });
  expect_error(ErrorKind::config, {"train.recipe", "fast", "as_given"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nrecipes = [\"fast\"]\n"); });
  expect_error(ErrorKind::config, {"compare.toml:3", "compare.recipes is 3"},
               [] { (void)parsed("[compare]\nstrategies = [\"top\"]\nrecipes = 3\n"); });
  expect_error(ErrorKind::config, {"train.epohcs"}, [] {
    (void)parsed("[compare]\nstrategies = [\"top\"]\nsettings = [\"train.epohcs=5\"]\n");
  });
  expect_error(ErrorKind::config,
               {"compare.toml: it has 65537 bytes, a comparison has at most 65536"},
               [] { (void)parsed(std::string(65'537, '\n')); });
  expect_error(ErrorKind::config, {"compare.toml:1: the line has 16385 bytes"},
               [] { (void)parsed(std::string(16'385, '#')); });
  expect_error(ErrorKind::config, {"compare.toml:2: a key has more than 16 parts"},
               [] { (void)parsed("[compare]\na.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1"); });
}

TEST(StrategySpec, HasAScoreAndAQuotaWhereTheyAreGiven) {
  const StrategySpec plain = parse_strategy_spec("top");
  EXPECT_EQ(plain.overrides(), (std::vector<std::string>{"prune.strategy=top",
                                                         "prune.score=", "prune.per_class=none"}));
  const StrategySpec whole = parse_strategy_spec("top:el2n:proportional");
  EXPECT_EQ(whole.overrides(), (std::vector<std::string>{"prune.strategy=top", "prune.score=el2n",
                                                         "prune.per_class=proportional"}));
  const StrategySpec quota = parse_strategy_spec("random::uniform");
  EXPECT_EQ(quota.overrides(), (std::vector<std::string>{"prune.strategy=random", "prune.score=",
                                                         "prune.per_class=uniform"}));
  expect_error(ErrorKind::config, {"top:a:b:c", "strategy[:score[:per_class]]"},
               [] { (void)parse_strategy_spec("top:a:b:c"); });
  expect_error(ErrorKind::config, {"strategy[:score[:per_class]]"},
               [] { (void)parse_strategy_spec(":el2n"); });
}

RC_GTEST_PROP(StrategySpec, ReadsItsOwnTextBack, ()) {
  const auto word = [] {
    return *rc::gen::element<std::string>("", "loss", "el2n", "proportional");
  };
  const StrategySpec spec{.strategy = "top", .score = word(), .per_class = word()};
  const StrategySpec again = parse_strategy_spec(spec.text());
  RC_ASSERT(again.overrides() == spec.overrides());
}

}  // namespace
}  // namespace edgeprune::compare
