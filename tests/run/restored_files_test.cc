// Damage to the files of a run: noticed when it is resumed, and mended from the checkpoint.

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/pipeline.h"

#include "small_run.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace edgeprune::run::restored_test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSmall = {"train.epochs=4", "score.warmup_iterations=7",
                                         "model.network=mlp", "model.hidden_sizes=[12]",
                                         "score.columns=[\"loss\", \"el2n\"]"};

struct Damage {
  std::string name;
  std::function<void(const fs::path&)> act;
};

void overwrite(const fs::path& path, std::string content, std::size_t at) {
  content.at(at) = static_cast<char>(content.at(at) ^ 1);
  core::write_file_atomically(path, content);
}

// In JSON, flips that leave no JSON, and one of a digit.
const std::vector<Damage>& damages() {
  static const std::vector<Damage> all = {
      {"missing", [](const fs::path& path) { fs::remove(path); }},
      {"empty", [](const fs::path& path) { core::write_file_atomically(path, ""); }},
      {"cut", [](const fs::path& path) { fs::resize_file(path, fs::file_size(path) / 2); }},
      {"first", [](const fs::path& path) { overwrite(path, core::read_file(path), 0); }},
      {"digit",
       [](const fs::path& path) {
         const std::string content = core::read_file(path);
         overwrite(path, content, content.find_last_of("0123456789", content.size() / 2));
       }},
      {"directory in its place", [](const fs::path& path) {
         fs::remove(path);
         fs::create_symlink("/", path);
       }}};
  return all;
}

std::string text_of(const fs::path& path) {
  return fs::is_regular_file(path) ? core::read_file(path) : "";
}

// Each file damaged in each way; `resume` goes on and must mend it.
void expect_mended(const config::Config& config, const std::vector<std::string_view>& names) {
  for (const std::string_view name : names) {
    const fs::path path = fs::path(config.run.directory) / name;
    const std::string before = core::read_file(path);
    for (const Damage& damage : damages()) {
      SCOPED_TRACE(std::string(name) + ", " + damage.name);
      damage.act(path);
      if (text_of(path) == before) continue;
      Notices notices;
      (void)run_pipeline(config::resolve(config), {.events = &notices});
      EXPECT_EQ(notices.count(NoticeKind::restored_file), 1) << notices.all;
      EXPECT_EQ(notices.count(std::string(name)), 1) << notices.all;
      EXPECT_EQ(core::read_file(path), before);
    }
  }
}

TEST(RestoredFiles, OfAScoredRunAreItsPlanAndScores) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  expect_mended(config, {kScoresFile, kScoresManifestFile, kMetricsFile});
}

TEST(RestoredFiles, OfASelectedRunAreItsSelectionToo) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::train});
  expect_mended(config, {kScoresFile, kSelectionFile, kSelectionManifestFile, kMetricsFile});
}

TEST(RestoredFiles, OfAFinishedRunAreAllButWhatItWasBegunWith) {
  const SmallRun data;
  std::vector<std::string> overrides = kSmall;
  overrides.push_back("budget.seconds=100000");
  const config::Config config = data.config("run", overrides);
  (void)SmallRun::run(config);
  expect_mended(config, {kScoresFile, kScoresManifestFile, kSelectionFile, kSelectionManifestFile,
                         kMetricsFile, kModelFile, kDecisionsFile});
}

TEST(RestoredFiles, OfARunOnAGivenListIsTheList) {
  const SmallRun data;
  const fs::path list = data.directory() / "list.npy";
  const std::vector<std::uint32_t> kept = {5, 9, 40, 41, 77, 100, 101, 102, 103, 149};
  core::write_npy(list, std::span(kept), {kept.size()});
  const config::Config config =
      data.config("run", {"prune.strategy=file", "prune.selection_file=" + list.string(),
                          "train.epochs=2", "model.network=mlp"});
  (void)SmallRun::run(config);
  fs::remove(list);
  expect_mended(config, {kSelectionFile, kSelectionManifestFile, kModelFile});
}

TEST(RestoredFiles, APlanAndASummaryAreMendedUpToWhatOnlyTheProcessKnew) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config);
  for (const std::string_view name : {kPlanFile, kSummaryFile}) {
    const fs::path path = fs::path(config.run.directory) / name;
    const auto before = nlohmann::json::parse(core::read_file(path));
    for (const char* edit : {"", "{", "{\"status\": 1}", "[[[[[[", "another"}) {
      SCOPED_TRACE(std::string(name) + ": " + edit);
      auto other = before;
      other["num_kept"] = 1;
      core::write_file_atomically(path, std::string(edit) == "another" ? other.dump() : edit);
      Notices notices;
      (void)run_pipeline(config::resolve(config), {.events = &notices});
      EXPECT_EQ(notices.count(NoticeKind::restored_file), 1) << notices.all;
      const auto after = nlohmann::json::parse(core::read_file(path));
      for (const char* same : {"num_kept", "dataset", "iterations", "keep_ratio", "flops"}) {
        EXPECT_EQ(after.at(same), before.at(same)) << same;
      }
      if (name == kPlanFile) continue;
      EXPECT_EQ(after.at("results"), before.at("results"));
      if (std::string(edit) == "another") {
        EXPECT_EQ(after, before);
      }
    }
  }
}

TEST(RestoredFiles, NothingIsSaidOfARunThatIsAsItWasLeft) {
  const SmallRun data;
  const std::vector<std::vector<std::string>> variants = {
      {},
      {"prune.strategy=rs2"},
      {"prune.strategy=infobatch"},
      {"prune.strategy=random_scratch"},
      {"prune.strategy=auto", "prune.constraint=storage"},
      {"budget.bytes=2000"},
      {"budget.seconds=100000"},
      {"score.mode=evaluations"},
      {"train.evaluate_every_epochs=3"},
      {"run.checkpoint_seconds=0"}};
  for (std::size_t i = 0; i < variants.size(); ++i) {
    std::vector<std::string> overrides = kSmall;
    overrides.insert(overrides.end(), variants[i].begin(), variants[i].end());
    const config::Config config = data.config("run" + std::to_string(i), overrides);
    const RunDirectory run = prepare_run_directory(config::resolve(config), false);
    bool is_done = false;
    for (int part = 0; part < 20 && !is_done; ++part) {
      StopAfter stop(3);
      Notices notices;
      try {
        (void)run_pipeline(run, {.stop = &stop.flag, .events = &stop});
        is_done = true;
      } catch (const core::Error& error) {
        ASSERT_EQ(error.kind(), core::ErrorKind::interrupted) << error.what();
      }
      // What was stopped is looked at by one that stops before its first step.
      const std::atomic<bool> at_once = true;
      try {
        (void)run_pipeline(run, {.stop = &at_once, .events = &notices});
      } catch (const core::Error& error) {
        ASSERT_EQ(error.kind(), core::ErrorKind::interrupted) << error.what();
      }
      EXPECT_EQ(notices.count(NoticeKind::restored_file), 0)
          << i << " part " << part << ": " << notices.all;
    }
    EXPECT_TRUE(is_done);
  }
}

TEST(RestoredFiles, AnotherSelectionOfAScoredRunIsNoDamage) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  Notices notices;
  (void)run_pipeline(change_selection(config.run.directory, {"prune.keep_ratio=0.2"}),
                     {.goal = Phase::done, .events = &notices});
  EXPECT_EQ(notices.count(NoticeKind::restored_file), 0) << notices.all;
}

}  // namespace
}  // namespace edgeprune::run::restored_test
