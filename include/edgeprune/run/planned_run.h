#pragma once
// A run as its configuration describes it: data opened, network, precision and memory settled as
// the pipeline settles them, and nothing trained. For whoever wants to know what a run would cost,
// or to measure what one of its steps takes.
//
//   const PlannedRun run(config::resolve(config::read_config("train.toml")));
//   const cost::RunWork tenth = run.work({.keep_ratio = core::KeepRatio::parse("0.1")});

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/run_inputs.h"
#include "edgeprune/run/shared_data.h"
#include "edgeprune/train/trainer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace edgeprune::run {

/// What differs from the configuration; what is left out is as configured.
struct PlanVariant {
  std::optional<core::KeepRatio> keep_ratio;
  std::optional<std::uint32_t> epochs;
  std::optional<std::uint32_t> num_samples;  // of another device; strategy `file` has no others
  bool last_evaluation_only = false;         // none between epochs, as a run short of time does
};

class PlannedRun {
 public:
  /// Opens the data. budget.seconds, joules, bytes and file are left out: the plan is that of the
  /// run as it would be without them. Errors as those of run_pipeline before its first step.
  /// `shared` and `inputs`: as in PipelineOptions.
  explicit PlannedRun(const config::ResolvedConfig& config, SharedData* shared = nullptr,
                      const RunInputs* inputs = nullptr);
  ~PlannedRun();
  PlannedRun(PlannedRun&&) noexcept;

  /// Errors of kind config as those of plan_run.
  [[nodiscard]] cost::RunWork work(const PlanVariant& variant = {}) const;
  /// Which timing of a device profile is for this run.
  [[nodiscard]] cost::TimingRequest timing_request() const;

  [[nodiscard]] const config::Config& config() const;
  [[nodiscard]] const RunData& data() const;
  [[nodiscard]] const nn::Network& network() const;
  [[nodiscard]] train::TrainerOptions trainer_options() const;
  [[nodiscard]] std::string memory_text() const;  // ChosenMemory::text()
  [[nodiscard]] nn::Model first_model() const;
  [[nodiscard]] core::ThreadPool& pool();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgeprune::run
