#include "edgeprune/plan/pilot.h"

#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/run_directory.h"

#include "run/small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace edgeprune::plan {
namespace {

using run::SmallRun;

class Pilot : public ::testing::Test {
 protected:
  [[nodiscard]] config::ResolvedConfig config(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> overrides = {"model.network=mlp", "budget.seconds=100"};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return config::resolve(data_.config("run", overrides));
  }
  [[nodiscard]] PilotOptions options() const { return {.directory = data_.directory() / "pilot"}; }
  SmallRun data_;
};

TEST_F(Pilot, MeasuresThreeKeepRatiosInAThirdOfTheEpochs) {
  const auto runs = pilot_runs(config(), options());
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0]->train.epochs, 1u);
  EXPECT_EQ(runs[0]->budget.limits.seconds, 0);
  const PilotResult result = run_pilot(config(), options());
  ASSERT_EQ(result.curve.size(), 3u);
  EXPECT_DOUBLE_EQ(result.curve[0].keep_ratio, 0.1);
  EXPECT_DOUBLE_EQ(result.curve[2].keep_ratio, 1);
  for (const auto& point : result.curve) {
    EXPECT_GE(point.loss, 0);
    EXPECT_LE(point.loss, 1);
  }
  EXPECT_GT(result.seconds, 0);
}

TEST_F(Pilot, RepeatsNothingThatIsComplete) {
  const PilotResult first = run_pilot(config(), options());
  std::vector<std::filesystem::file_time_type> written;
  for (const auto& run : pilot_runs(config(), options())) {
    written.push_back(std::filesystem::last_write_time(std::filesystem::path(run->run.directory) /
                                                       "summary.json"));
  }
  const PilotResult second = run_pilot(config(), options());
  std::size_t place = 0;
  for (const auto& run : pilot_runs(config(), options())) {
    EXPECT_EQ(std::filesystem::last_write_time(std::filesystem::path(run->run.directory) /
                                               "summary.json"),
              written[place]);
    EXPECT_EQ(second.curve[place].loss, first.curve[place].loss);
    ++place;
  }
}

TEST_F(Pilot, AnotherConfigurationIsAnotherPilot) {
  const auto runs = pilot_runs(config(), options());
  const auto others = pilot_runs(config({"train.learning_rate=0.01"}), options());
  EXPECT_NE(runs[0]->run.directory, others[0]->run.directory);
  // Where the run itself is written makes no difference.
  config::Config moved = *config();
  moved.run.directory = "elsewhere";
  EXPECT_EQ(pilot_runs(config::resolve(moved), options())[0]->run.directory,
            runs[0]->run.directory);
}

TEST_F(Pilot, WithoutATestSetThereIsNothingToMeasure) {
  testing::expect_error(core::ErrorKind::data, {"test set"}, [&] {
    (void)run_pilot(config({"data.test_images=", "data.test_labels="}), options());
  });
}

}  // namespace
}  // namespace edgeprune::plan
