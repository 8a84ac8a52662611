#pragma once
// The names of the files in a run directory. docs/architecture.md says what each holds.

#include <array>
#include <string_view>

namespace edgeprune::run {

inline constexpr std::string_view kRunFile = "run.json";
inline constexpr std::string_view kConfigFile = "config.toml";
inline constexpr std::string_view kNetworkFile = "network.toml";
inline constexpr std::string_view kPlanFile = "plan.json";
inline constexpr std::string_view kScoresFile = "scores.npy";
inline constexpr std::string_view kScoresManifestFile = "scores.json";
inline constexpr std::string_view kSelectionFile = "selection.npy";
inline constexpr std::string_view kSelectionManifestFile = "selection.json";
inline constexpr std::string_view kKeptFile = "kept.edgeprune";
inline constexpr std::string_view kMetricsFile = "metrics.jsonl";
inline constexpr std::string_view kDecisionsFile = "decisions.jsonl";
inline constexpr std::string_view kModelFile = "model.safetensors";
inline constexpr std::string_view kSummaryFile = "summary.json";
inline constexpr std::string_view kControlsFile = "controls.json";
inline constexpr std::string_view kControlsDirectory = "controls";
/// They alternate.
inline constexpr std::array<std::string_view, 2> kCheckpointFiles = {"checkpoint-a.safetensors",
                                                                     "checkpoint-b.safetensors"};

}  // namespace edgeprune::run
