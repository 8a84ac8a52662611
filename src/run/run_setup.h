#pragma once
// What a run is made of, decided before its first step: data, strategy, network, plan, recipe,
// precision, memory.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/directory.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/notice.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_engine.h"
#include "edgeprune/run/run_inputs.h"
#include "edgeprune/run/run_memory.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/run/run_state.h"
#include "edgeprune/run/shared_data.h"
#include "edgeprune/train/precision_choice.h"
#include "edgeprune/train/recipe.h"
#include "edgeprune/train/trainer.h"

#include "plan_record.h"
#include "run_scores.h"
#include "strategy_choice.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// Where a run takes its data and network from where the configuration alone does not say.
struct RunSources {
  SharedData* shared = nullptr;          // looked at first for files that are read
  const RunInputs* inputs = nullptr;     // handed over in memory
  const core::Directory* run = nullptr;  // of a run that is carried out; null: a plan alone
};

class RunSetup {
 public:
  /// `state`: of a run under way, else null. What `sources` points to must outlive it.
  RunSetup(config::ResolvedConfig config, const RunState* state, const RunSources& sources);

  config::ResolvedConfig as_given;
  config::ResolvedConfig resolved;  // with what train.recipe has chosen
  const config::Config& config = *resolved;
  RunSources sources;
  std::filesystem::path directory;  // for messages
  std::shared_ptr<const RunData> opened;
  const RunData& data;
  StrategyChoice choice;
  std::string network_hash;  // of the file that describes the network; empty without one
  nn::Network network;
  core::ThreadPool pool;
  train::TrainingRecipe recipe;
  SampleSizes sizes;
  std::vector<std::uint32_t> given;  // strategy `file`: its index list
  RunPlan plan;
  train::ChosenPrecision precision;
  ChosenMemory memory;
  std::optional<data::Dataset> reencoded;  // the training data, once its kept samples are stored so

  /// What training draws from.
  [[nodiscard]] const data::Dataset& training_data() const {
    return reencoded ? *reencoded : data.train;
  }
  [[nodiscard]] const select::Strategy& strategy() const { return *choice.strategy; }
  [[nodiscard]] train::TrainerOptions trainer_options() const {
    return trainer_options(memory.choice.step);
  }
  [[nodiscard]] Engine engine() const;
  /// The hash of what must not change any more once a run is in this phase.
  [[nodiscard]] std::string configuration_hash(Phase phase) const;

  /// Where the strategy warms up.
  [[nodiscard]] std::optional<RunScores> make_scores() const;
  /// Of a dynamic strategy. Static ones get theirs once there is a selection.
  [[nodiscard]] std::unique_ptr<select::Sampler> make_sampler() const;
  /// The initial weights, those handed over, or those of model.init; `notice` is filled where its
  /// head was left out. A model.first_layer other than random beside a given model, or one that
  /// does not suit the network, is an Error of kind config.
  [[nodiscard]] nn::Model first_model(std::string& notice) const;

  /// After the warm-up: what `auto` makes of it, and the plan of that.
  void settle(const std::optional<score::LabelNoise>& label_noise, std::uint32_t warmup_made);

  /// Before a new run's first step.
  [[nodiscard]] std::vector<Notice> warnings() const;
  /// Precision, memory, strategy and recipe where they were chosen.
  [[nodiscard]] std::vector<Notice> choices() const;
  [[nodiscard]] Notice strategy_notice() const;
  /// Where the run is written; only where it is carried out.
  [[nodiscard]] const core::Directory& files() const { return *sources.run; }
  /// What the files of the run tell of all this.
  [[nodiscard]] PlanRecord record() const;
  void write_plan() const;

 private:
  [[nodiscard]] std::vector<std::uint32_t> given_selection(const RunState* state) const;
  [[nodiscard]] RunPlan make_plan(std::uint32_t warmup_made) const;
  [[nodiscard]] train::TrainingRecipe take_recipe();
  [[nodiscard]] nn::Model fresh_model() const;
  [[nodiscard]] train::TrainerOptions trainer_options(const train::StepMemory& step) const;
  void describe_recipe();
};

}  // namespace edgeprune::run
