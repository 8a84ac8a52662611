#include "edgeprune/config/resolved_config.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace edgeprune::config {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using testing::expect_error;

TEST(Resolve, LeavesNothingOpen) {
  const ResolvedConfig config = resolve(Config());
  EXPECT_GE(config->run.threads, 1u);
  EXPECT_EQ(config->score.columns, std::vector<std::string>{"loss"});
  const ResolvedConfig asked =
      resolve(read_config("", {"run.threads=3", "score.columns=[\"margin\"]", "prune.score=el2n"}));
  EXPECT_EQ(asked->run.threads, 3u);
  EXPECT_EQ(asked->score.columns, (std::vector<std::string>{"margin", "loss", "el2n"}));
}

TEST(Resolve, ChangesNothingASecondTime) {
  for (const select::Strategy& strategy : select::strategies()) {
    Config config;
    config.prune.strategy = strategy.name;
    config.prune.selection_file = "kept.npy";
    const ResolvedConfig once = resolve(config);
    EXPECT_EQ(to_toml(*resolve(*once)), to_toml(*once)) << strategy.name;
    EXPECT_TRUE(!strategy.warms_up || !once->score.columns.empty()) << strategy.name;
  }
}

TEST(Resolve, GathersForAutoWhatItMayComeToNeed) {
  const Config config = read_config("", {"prune.strategy=auto", "prune.constraint=storage"});
  const std::vector<std::string> needed = needed_columns(config);
  for (const select::Strategy* strategy : possible_strategies(config)) {
    const std::string score = ranking_score(config, *strategy);
    EXPECT_TRUE(score.empty() || std::find(needed.begin(), needed.end(), score) != needed.end())
        << strategy->name;
  }
}

TEST(Resolve, MakesEveryPathAbsoluteAndNothingElse) {
  Config config;
  std::vector<std::string> overrides = {"model.hidden_sizes=[3]"};
  for (const ConfigField& field : config_fields()) {
    if (field.path != FieldPath::none) {
      overrides.push_back(std::string(field.key) + "=x/../file.toml");
    }
  }
  config = read_config("", overrides);
  const ResolvedConfig resolved = resolve(config);
  const std::string absolute = '"' + (fs::current_path() / "file.toml").string() + '"';
  for (const ConfigField& field : config_fields()) {
    if (field.key == "run.threads" || field.key == "score.columns") continue;
    EXPECT_EQ(field.value(*resolved),
              field.path == FieldPath::none ? field.value(config) : absolute)
        << field.key;
  }
}

TEST(Resolve, LeavesNamesAndTheRunsOwnDirectoryAsTheyAre) {
  Config config;
  config.device.profile = "raspberry-pi-5";
  config.model.network = "mlp";
  config.run.directory = "runs/a";
  const ResolvedConfig resolved = resolve(config);
  EXPECT_EQ(resolved->device.profile, "raspberry-pi-5");
  EXPECT_EQ(resolved->model.network, "mlp");
  EXPECT_EQ(resolved->run.directory, "runs/a");
  config.device.profile = "./raspberry-pi-5";
  EXPECT_EQ(resolve(config)->device.profile, (fs::current_path() / "raspberry-pi-5").string());
}

TEST(Resolve, NamesTheFilesThatAreGiven) {
  const Config config = read_config("", {"budget.file=a.toml", "energy.file=watts"});
  const auto paths = given_paths(config);
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_EQ(paths[0].first, "budget.file");
  EXPECT_EQ(paths[1].second, "watts");
}

TEST(Resolve, RefusesWhatAStrategyDoesNotTake) {
  const auto expect_refused = [](const std::vector<std::string>& overrides,
                                 std::initializer_list<std::string> parts) {
    expect_error(ErrorKind::config, parts, [&] { (void)resolve(read_config("", overrides)); });
  };
  expect_refused({"prune.strategy=random", "prune.score=el2n"}, {"prune.score", "random"});
  expect_refused({"prune.strategy=rs2", "prune.per_class=uniform"}, {"prune.per_class", "rs2"});
  expect_refused({"prune.strategy=nosuch"}, {"nosuch"});
  expect_refused({"score.columns=[\"nosuch\"]"}, {"nosuch"});
}

}  // namespace
}  // namespace edgeprune::config
