#include "edgeprune/run/scores_file.h"

#include "edgeprune/core/npy.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <fstream>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

class ScoresFile : public ::testing::Test {
 protected:
  void write(const std::vector<float>& values, const std::vector<std::size_t>& shape) {
    core::write_npy(path(), std::span<const float>(values), shape);
  }
  void describe(const std::string& text) {
    std::ofstream(directory_.path() / "scores.json") << text;
  }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "scores.npy"; }

 private:
  testing::TempDirectory directory_;
};

TEST_F(ScoresFile, OfAnyProgramAreTakenAsTheyAre) {
  write({3, 1, 2}, {3});
  EXPECT_EQ(read_score_column(path(), ""), (std::vector<float>{3, 1, 2}));
  write({3, 1, 2}, {3, 1});
  EXPECT_EQ(read_score_column(path(), ""), (std::vector<float>{3, 1, 2}));
}

TEST_F(ScoresFile, OfARunAreTurnedSoThatHighIsHard) {
  write({3, 0.1f, 1, 0.2f}, {2, 2});
  describe(R"({"columns": ["loss", "aum"], "hard": {"loss": "high", "aum": "low"}})");
  EXPECT_EQ(read_score_column(path(), "loss"), (std::vector<float>{3, 1}));
  EXPECT_EQ(read_score_column(path(), "aum"), (std::vector<float>{-0.1f, -0.2f}));
}

TEST_F(ScoresFile, WithSeveralColumnsNeedOneToBeNamed) {
  write({3, 0.1f, 1, 0.2f}, {2, 2});
  describe(R"({"columns": ["loss", "aum"], "hard": {"loss": "high", "aum": "low"}})");
  for (const char* column : {"", "el2n"}) {
    expect_error(ErrorKind::data, core::ErrorReason::score_column_not_named,
                 {"scores.npy", "loss, aum"}, [&] { (void)read_score_column(path(), column); });
  }
}

TEST_F(ScoresFile, OfAnotherShapeOrTypeAreAnError) {
  write({1, 2, 3, 4}, {2, 2});
  expect_error(ErrorKind::data, {"scores.npy", "float32"},
               [&] { (void)read_score_column(path(), ""); });
  describe(R"({"columns": ["loss"], "hard": {"loss": "high"}})");
  expect_error(ErrorKind::data, {"scores.npy", "float32"},
               [&] { (void)read_score_column(path(), "loss"); });
  describe("not json");
  expect_error(ErrorKind::data, {"scores.json"}, [&] { (void)read_score_column(path(), "loss"); });
  const std::vector<double> doubles = {1, 2};
  core::write_npy(path(), std::span<const double>(doubles), {2});
  describe(R"({"columns": ["loss"], "hard": {"loss": "high"}})");
  expect_error(ErrorKind::data, {"float32"}, [&] { (void)read_score_column(path(), ""); });
}

TEST_F(ScoresFile, WithoutNamesHaveNoColumnToName) {
  write({3, 1}, {2});
  expect_error(ErrorKind::data, core::ErrorReason::score_column_unknown, {"a column loss"},
               [&] { (void)read_score_column(path(), "loss"); });
}

TEST(ScoresOfARun, AreReadBackTurned) {
  const SmallRun data;
  const config::Config config =
      data.config("run", {"model.network=mlp", "score.columns=[\"aum\", \"loss\"]"});
  prepare_run_directory(config::resolve(config), false);
  (void)run_pipeline(config::resolve(config), {.goal = Phase::select});
  const auto path = std::filesystem::path(config.run.directory) / kScoresFile;
  const auto table = core::read_npy(path);
  const std::vector<float> aum = read_score_column(path, "aum");
  ASSERT_EQ(aum.size(), 150u);
  EXPECT_EQ(aum[7], -table.as<float>()[14]);
}

}  // namespace
}  // namespace edgeprune::run
