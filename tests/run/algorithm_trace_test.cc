// Algorithm 1 number by number: four samples, softmax regression, SGD.
//
// x = (-1.4, -0.2, 0.2, 1.4) has mean 0 and deviation 1, so that normalisation changes nothing;
// labels are (0, 1, 1, 0), weights start at 0, the learning rate is 0.5 and a batch is one sample.
// The expected numbers come from tests/run/algorithm_trace.py, which does the arithmetic in plain
// Python for the order that seed 3 draws.

#include "edgeprune/core/npy.h"
#include "edgeprune/core/random.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/nn/networks.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

class AlgorithmTrace : public ::testing::Test {
 protected:
  AlgorithmTrace() {
    const std::vector<float> x = {-1.4f, -0.2f, 0.2f, 1.4f};
    const std::vector<std::int32_t> y = {0, 1, 1, 0};
    core::write_npy(directory_ / "x.npy", std::span<const float>(x), {4, 1});
    core::write_npy(directory_ / "y.npy", std::span<const std::int32_t>(y), {4});
    nn::Model zeros = nn::initial_model(network_, 0);
    std::fill(zeros.parameters.begin(), zeros.parameters.end(), 0.0f);
    nn::write_model(directory_ / "zeros.safetensors", network_, zeros);
  }

  [[nodiscard]] config::Config config(const std::string& mode) const {
    const auto path = [&](const char* file) { return (directory_ / file).string(); };
    return config::read_config(
        "", {"data.format=npy", "data.images=" + path("x.npy"), "data.labels=" + path("y.npy"),
             "model.network=mlp", "model.hidden_sizes=[]",
             "model.init=" + path("zeros.safetensors"), "score.mode=" + mode, "score.evaluations=2",
             "prune.keep_ratio=0.5", "train.epochs=1", "train.batch_size=1", "train.optimizer=sgd",
             "train.momentum=0", "train.learning_rate=0.5", "train.schedule=constant", "run.seed=3",
             "run.threads=1", "run.directory=" + path(mode.c_str())});
  }

  [[nodiscard]] std::vector<float> scores(const config::Config& config) const {
    const auto array = core::read_npy(directory_ / (config.run.directory + "/scores.npy"));
    const auto values = array.as<float>();
    return {values.begin(), values.end()};
  }

  static void expect_near(const std::vector<float>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6) << i;
  }

  testing::TempDirectory directory_;
  nn::Network network_ = nn::mlp({1, 1, 1}, {}, 2);
};

TEST_F(AlgorithmTrace, TheOrdersAreThoseOfTheTrace) {
  using core::Purpose;
  EXPECT_EQ(core::random_permutation(4, {.seed = 3, .purpose = Purpose::warmup_order}),
            (std::vector<std::uint32_t>{2, 0, 3, 1}));
  EXPECT_EQ(core::random_permutation(2, {.seed = 3, .purpose = Purpose::training_order}),
            (std::vector<std::uint32_t>{1, 0}));
}

TEST_F(AlgorithmTrace, ObservedScoresSelectionAndWeightsAreThoseOfTheArithmetic) {
  const config::Config run = config("observed");
  const RunResult result = SmallRun::run(run);
  expect_near(scores(run),
              {0.8892604490302843, 1.1905106842422408, 0.6931471805599453, 1.4674957411014267});
  const auto kept = core::read_npy(directory_ / "observed/selection.npy");
  EXPECT_EQ(
      std::vector<std::uint32_t>(kept.as<std::uint32_t>().begin(), kept.as<std::uint32_t>().end()),
      (std::vector<std::uint32_t>{1, 3}));
  const nn::Model model = nn::read_model(directory_ / "observed/model.safetensors", network_);
  // Weight (class 0, class 1), then bias (class 0, class 1).
  expect_near(model.parameters,
              {0.4575958357776495, -0.4575958357776496, -0.03323419468388372, 0.03323419468388367});
  EXPECT_EQ(result.spent.learning_samples, 6u);
}

TEST_F(AlgorithmTrace, DetrendingBatchesOfOneIsRefusedForItWouldLeaveOnlyZeros) {
  testing::expect_error(core::ErrorKind::config, {"detrended", "train.batch_size"},
                        [&] { (void)SmallRun::run(config("detrended")); });
}

TEST_F(AlgorithmTrace, CheckpointScoresAverageForwardPassesAfterStepsTwoAndFour) {
  const config::Config run = config("evaluations");
  const RunResult result = SmallRun::run(run);
  expect_near(scores(run),
              {0.5236789738009662, 0.7930553290953927, 0.7280369358342302, 0.9576486913557377});
  EXPECT_EQ(result.spent.scoring_forward_samples, 8u);
}

}  // namespace
}  // namespace edgeprune::run
