// Scores, strategies and update rules of a program's own inside the pipeline.

#include "edgeprune/config/catalogues.h"
#include "edgeprune/core/error.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

// The largest loss of all visits.
class Surprise final : public score::Score {
 public:
  explicit Surprise(const score::ScoreSize& size) : largest_(size.num_samples) {}
  void observe(const score::Observation& batch) override {
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      float& largest = largest_[batch.samples[i]];
      largest = std::max(largest, batch.losses[i]);
    }
  }
  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t>) const override {
    return largest_;
  }
  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"largest", std::span(largest_)}};
  }

 private:
  std::vector<float> largest_;
};

// Descent with momentum.
class Heavy final : public nn::UpdateRule {
 public:
  [[nodiscard]] std::vector<std::string> state_names() const override { return {"velocity"}; }
  void update(const nn::UpdateStretch& stretch) const override {
    for (std::size_t i = 0; i < stretch.parameters.size(); ++i) {
      float& velocity = stretch.state[0][i];
      velocity = 0.5f * velocity + stretch.gradients[i];
      stretch.parameters[i] -= stretch.learning_rate * velocity;
    }
  }
};

// Ranks by `surprise` what `top` would rank by the loss.
class Own {
 public:
  Own() {
    scores_.add({.name = "surprise", .needs = {.losses = true}, .make = [](const auto& size) {
                   return std::make_unique<Surprise>(size);
                 }});
    strategies_.add({.name = "surprising",
                     .score = "surprise",
                     .warms_up = true,
                     .select = select::strategy_named("top").select});
  }
  Own(const Own&) = delete;
  Own& operator=(const Own&) = delete;

  [[nodiscard]] config::Catalogues catalogues() const {
    return {.scores = &scores_, .strategies = &strategies_};
  }

 private:
  score::ScoreCatalogue scores_ = score::scores();
  select::StrategyCatalogue strategies_ = select::strategies();
};

const std::vector<std::string> kSurprising = {"prune.strategy=surprising", "train.epochs=2",
                                              "model.network=mlp", "model.hidden_sizes=[12]",
                                              "score.warmup_iterations=7"};

config::Config with(const Own& own, config::Config config) {
  config.catalogues = own.catalogues();
  config.train.optimizer.rule = std::make_shared<const Heavy>();
  return config;
}

void expect_same_files(const config::Config& a, const config::Config& b) {
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(a, file), run_file(b, file)) << file;
  }
}

TEST(OwnCatalogue, ARunFollowsAProgramsOwnStrategyScoreAndUpdateRule) {
  const SmallRun data;
  const Own own;
  const config::Config config = with(own, data.config("own", kSurprising));
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.strategy, "surprising");
  EXPECT_EQ(result.reached, Phase::done);
  EXPECT_NE(run_file(config, kScoresManifestFile).find("surprise"), std::string::npos);
  EXPECT_NE(run_file(config, "selection.json").find("\"surprising\""), std::string::npos);
}

TEST(OwnCatalogue, ARunOnItGoesOnWithTheBitsOfTheUninterruptedOne) {
  const SmallRun data;
  const Own own;
  const config::Config whole = with(own, data.config("whole", kSurprising));
  (void)SmallRun::run(whole);
  for (const std::uint64_t steps : {3, 9, 14}) {
    SCOPED_TRACE(steps);
    const config::Config stopped =
        with(own, data.config("stopped" + std::to_string(steps), kSurprising));
    prepare_run_directory(config::resolve(stopped), false);
    StopAfter stop(steps);
    expect_error(ErrorKind::interrupted, {}, [&] {
      (void)run_pipeline(config::resolve(stopped), {.stop = &stop.flag, .events = &stop});
    });
    const config::ResolvedConfig opened = read_run_config(stopped.run.directory, own.catalogues());
    (void)run_pipeline(config::resolve(with(own, *opened)), {});
    expect_same_files(whole, stopped);
  }
}

TEST(OwnCatalogue, ANameIsValidOnlyWhereTheProgramAddedIt) {
  const SmallRun data;
  const Own own;
  expect_error(ErrorKind::config, {"prune.strategy is \"surprising\"", "top, bottom", "auto, file"},
               [&] { (void)config::resolve(data.config("without", kSurprising)); });
  const config::Config added = with(own, data.config("with", kSurprising));
  prepare_run_directory(config::resolve(added), false);
  expect_error(ErrorKind::config, {"prune.strategy is \"surprising\""},
               [&] { (void)read_run_config(added.run.directory); });
  expect_error(ErrorKind::config, {"did you mean surprising?"}, [&] {
    (void)config::resolve(with(own, data.config("typo", {"prune.strategy=suprising"})));
  });
}

TEST(OwnCatalogue, AnUnknownNameIsCalledByTheFieldThatHoldsIt) {
  const SmallRun data;
  expect_error(ErrorKind::config,
               {"score.columns is \"el3n\"; it must be one of loss, el2n", "did you mean el2n?"},
               [&] { (void)config::resolve(data.config("a", {"score.columns=[\"el3n\"]"})); });
  expect_error(ErrorKind::config, {"prune.score is \"el3n\"; it must be one of loss, el2n"},
               [&] { (void)config::resolve(data.config("b", {"prune.score=el3n"})); });
  expect_error(ErrorKind::config, {"prune.per_class is uniform", "rs2 takes no quotas"}, [&] {
    (void)config::resolve(data.config("c", {"prune.strategy=rs2", "prune.per_class=uniform"}));
  });
}

}  // namespace
}  // namespace edgeprune::run
