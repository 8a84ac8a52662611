#include "edgeprune/compare/grid.h"

#include "edgeprune/compare/planned_work.h"
#include "edgeprune/run/run_directory.h"

#include "run/small_run.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace edgeprune::compare {
namespace {

Comparison comparison_of(const std::string& toml) {
  return parse_comparison(toml, "compare.toml");
}

std::uint64_t no_budget(const config::ResolvedConfig&) {
  ADD_FAILURE() << "a budget is a matter of match = \"cost\"";
  return 0;
}

Grid grid_of(const std::string& toml) {
  return make_grid(comparison_of(toml), "/c", 2, no_budget);
}

std::string directory_of(const Grid& grid, const std::string& label) {
  for (const Cell& cell : grid.cells) {
    if (cell.label() == label) return cell.config->run.directory;
  }
  return "";
}

constexpr const char* kTwoByTwo =
    "[compare]\nstrategies = [\"top\"]\nkeep_ratios = [0.1, 0.5]\nseeds = [3, 4]\n";

TEST(Grid, HasACellForEveryCombinationAndFullOncePerSeed) {
  const Grid grid = grid_of(kTwoByTwo);
  // full: 2 seeds; random, random_scratch, short, top: 2 ratios x 2 seeds each.
  EXPECT_EQ(grid.cells.size(), 2u + 4 * 2 * 2);
  EXPECT_EQ(grid.warm_ups.size(), 2u);
  EXPECT_EQ(grid.cells[0].label(), "full, seed 3");
  EXPECT_EQ(grid.cells[0].keep_ratio.value(), 1.0);
}

TEST(Grid, SharesTheWarmUpOfASettingAndSeed) {
  const Grid grid =
      grid_of(std::string(kTwoByTwo) + "settings = [\"train.epochs=2\", \"train.epochs=3\"]\n");
  EXPECT_EQ(grid.warm_ups.size(), 4u);
  for (const Cell& cell : grid.cells) {
    const bool warms_up = cell.strategy == "top" || cell.strategy == "random";
    EXPECT_EQ(cell.warm_up.has_value(), warms_up) << cell.strategy;
    if (!cell.warm_up) continue;
    EXPECT_EQ(grid.warm_ups[*cell.warm_up].seed, cell.seed);
    EXPECT_EQ(grid.warm_ups[*cell.warm_up].setting, cell.setting);
  }
}

TEST(Grid, GivesACellItsStrategyRatioSeedAndThreads) {
  const Grid grid = grid_of(kTwoByTwo);
  const config::Config& config = *grid.cells.back().config;
  EXPECT_EQ(config.prune.strategy, "top");
  EXPECT_EQ(config.prune.keep_ratio.as_written(), "0.5");
  EXPECT_EQ(config.run.seed, 4u);
  EXPECT_EQ(config.run.threads, 2u);
}

TEST(Grid, NamesACellAfterEverythingItsResultDependsOn) {
  const Grid before = grid_of(kTwoByTwo);
  const Grid more_epochs = grid_of(std::string("[train]\nepochs = 7\n") + kTwoByTwo);
  const Grid more_threads = make_grid(comparison_of(kTwoByTwo), "/c", 1, no_budget);
  const Grid more_strategies = grid_of(
      "[compare]\nstrategies = [\"random\", \"top:el2n\", \"top\"]\nkeep_ratios = [0.2, "
      "0.1]\nseeds = [4, 3, "
      "5]\n");
  const std::string label = "top, keep ratio 0.1, seed 3";
  ASSERT_NE(directory_of(before, label), "");
  EXPECT_NE(directory_of(before, label), directory_of(more_epochs, label));
  EXPECT_EQ(directory_of(before, label), directory_of(more_threads, label));
  EXPECT_EQ(directory_of(before, label), directory_of(more_strategies, label));
  // Its warm-up gathers el2n besides.
  EXPECT_NE(before.warm_ups[0].config->run.directory,
            more_strategies.warm_ups[1].config->run.directory);
}

TEST(Grid, MakesNamesFitForFiles) {
  const Grid grid = grid_of(
      "[compare]\nstrategies = [\"top\"]\nseeds = 1\n[[compare.settings]]\n"
      "name = \"../20 % noise\"\ntrain_limit = 9\n");
  const std::string directory = grid.cells[1].config->run.directory;
  EXPECT_TRUE(directory.starts_with("/c/cells/-..-20---noise-random-keep0.1-seed1-")) << directory;
}

RC_GTEST_PROP(Grid, GivesEveryCellADirectoryOfItsOwn, ()) {
  std::string toml = "[compare]\nstrategies = [\"top\", \"random\"]\n";
  toml += "keep_ratios = [0.1, 0.2, 0.30001, 0.3]\n";
  toml += "seeds = " + std::to_string(*rc::gen::inRange(1, 5)) + "\n";
  toml += "settings = [\"train.epochs=1\", \"train.epochs=2\", \"train.epochs=10\"]\n";
  const Grid grid = grid_of(toml);
  std::set<std::string> directories;
  for (const Cell& cell : grid.cells) directories.insert(cell.config->run.directory);
  for (const WarmUp& warm_up : grid.warm_ups) directories.insert(warm_up.config->run.directory);
  RC_ASSERT(directories.size() == grid.cells.size() + grid.warm_ups.size());
}

TEST(Grid, GathersInTheWarmUpEveryScoreThatAStrategyNeeds) {
  const Grid grid = grid_of(
      "[compare]\nstrategies = [\"top:el2n\", \"beta\", \"rs2\"]\nseeds = 1\n"
      "[score]\nwarmup_iterations = 200\n");
  // beta ranks by dual and reads confidence besides.
  const std::vector<std::string> needed = {"confidence", "dual", "el2n", "loss"};
  EXPECT_EQ(grid.warm_ups[0].config->score.columns, needed);
  for (const Cell& cell : grid.cells) {
    EXPECT_EQ(cell.config->score.columns, cell.warm_up ? needed : std::vector<std::string>())
        << cell.strategy;
  }
}

TEST(Grid, GivesEveryCellOfAKeepRatioTheBudgetOfTop) {
  const Comparison comparison = comparison_of(std::string(kTwoByTwo) + "match = \"cost\"\n");
  int asked = 0;
  const Grid grid = make_grid(comparison, "/c", 1, [&](const config::ResolvedConfig& top) {
    ++asked;
    EXPECT_EQ(top->prune.strategy, "top");
    return top->prune.keep_ratio.as_written() == "0.1" ? 1100u : 5100u;
  });
  EXPECT_EQ(asked, 2);
  for (const Cell& cell : grid.cells) {
    const std::uint64_t budget = cell.keep_ratio.as_written() == "0.1" ? 1100 : 5100;
    EXPECT_EQ(cell.config->budget.samples, cell.is_full() ? 0 : budget) << cell.label();
  }
  for (const WarmUp& warm_up : grid.warm_ups) EXPECT_EQ(warm_up.config->budget.samples, 0u);
}

TEST(PlannedWork, IsTheEpochsOnTheKeptSamplesAndTheWarmUp) {
  const run::SmallRun data;  // 150 samples, 3 epochs, batches of 16
  EXPECT_EQ(planned_work(config::resolve(data.config("top", {"prune.keep_ratio=0.2"}))),
            150u + 3 * 30);
  // 70 samples are left unseen and scored by a forward pass: between none and half of the work.
  const auto brief = planned_work(
      config::resolve(data.config("brief", {"prune.keep_ratio=0.2", "score.warmup_iterations=5"})));
  EXPECT_GT(brief, 5u * 16 + 3 * 30);
  EXPECT_LT(brief, 5u * 16 + 70 / 2 + 3 * 30);
}

}  // namespace
}  // namespace edgeprune::compare
