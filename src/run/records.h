#pragma once
// What a run writes down: plan.json, scores, lines of metrics.jsonl, summary.json.

#include "edgeprune/config/config.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/energy/recorder.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_engine.h"
#include "edgeprune/run/run_memory.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/run/run_result.h"
#include "edgeprune/score/scores.h"
#include "edgeprune/select/manifest.h"
#include "edgeprune/train/trainer.h"

#include "strategy_choice.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {

struct Means {
  double loss = 0;
  double accuracy = 0;
};

/// Over the given positions of an evaluation.
[[nodiscard]] Means mean_over(const train::Evaluation& evaluation,
                              std::span<const std::uint32_t> samples);

/// Evaluated at the end of an epoch; empty where it was not.
struct EpochMetrics {
  std::optional<Means> kept;   // over S_k
  std::optional<Means> train;  // over D_k
  std::optional<Means> test;
};

[[nodiscard]] std::string plan_json(const config::Config& config, const StrategyChoice& choice,
                                    const RunPlan& plan, const RunData& data,
                                    const nn::Network& network, const Engine& engine,
                                    const ChosenMemory& memory);
void write_scores(const std::filesystem::path& directory, const config::Config& config,
                  const RunData& data, const score::Scores& scores);
[[nodiscard]] select::Manifest selection_manifest(const config::Config& config,
                                                  const StrategyChoice& choice, const RunPlan& plan,
                                                  const RunData& data);

/// Lines of metrics.jsonl, newline included. Times stand under "time", apart from what is
/// reproducible.
[[nodiscard]] std::string warmup_line(const RunState& state, std::uint32_t num_samples);
[[nodiscard]] std::string epoch_line(const RunState& state, const RunPlan& plan,
                                     const EpochMetrics& metrics);

/// Whether the last line holds an evaluation.
[[nodiscard]] bool is_evaluated(const std::string& metrics);
/// `metrics` with the evaluation in its last line.
[[nodiscard]] std::string with_last_evaluated(const std::string& metrics,
                                              const EpochMetrics& evaluation);

/// What the meters said in this process.
struct EnergyRecord {
  std::vector<energy::MeterRecord> meters;
  double idle_joules = -1;  // -1: not known
  double uncertainty_joules = 0;
};
[[nodiscard]] std::string summary_json(const config::Config& config, const StrategyChoice& choice,
                                       const RunPlan& plan, const RunData& data,
                                       const nn::Network& network, const RunState& state,
                                       const Engine& engine, const ChosenMemory& memory,
                                       const EnergyRecord& energy,
                                       const std::optional<cost::RunCost>& predicted);

/// Copies the accuracies of the last line of metrics.jsonl into the result.
void take_last_accuracies(const std::string& metrics, RunResult& result);

}  // namespace edgeprune::run
