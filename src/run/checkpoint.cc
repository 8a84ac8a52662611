#include "edgeprune/run/checkpoint.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

namespace edgeprune::run {
namespace {

using nlohmann::json;

std::filesystem::path path_of(const std::filesystem::path& directory, std::uint64_t sequence) {
  return directory / kCheckpointFiles[sequence % 2];
}

template <typename Visit, typename U>
void visit_usage(Visit& visit, const std::string& name, U& usage) {
  visit(name + "_seconds", usage.seconds);
  visit(name + "_joules", usage.joules);
}

// Every number of RunUsage by its name, for writing and for reading alike.
template <typename S, typename Visit>
void for_spent(S& spent, Visit&& visit) {
  visit("learning_samples", spent.learning_samples);
  visit("scoring_forward_samples", spent.scoring_forward_samples);
  visit("evaluation_samples", spent.evaluation_samples);
  for (const core::Activity activity : core::kWorkActivities) {
    visit_usage(visit, std::string(name_of(activity)), spent.by_activity[activity]);
  }
  visit("paused_seconds", spent.paused_seconds);
  visit("is_metered", spent.is_metered);
}

template <typename S, typename Visit>
void for_budget(S& budget, Visit&& visit) {
  visit("mean_seconds", budget.pace.mean_seconds);
  visit("since_seconds", budget.pace.since_seconds);
  visit("steps_since", budget.pace.steps_since);
  visit("largest_seconds", budget.pace.largest_seconds);
  visit_usage(visit, "faded", budget.pace.faded);
  visit("forward_seconds_per_sample", budget.forward.seconds_per_sample);
  visit("forward_steps_since", budget.forward.steps_since);
  visit("forward_first_seconds", budget.forward.first_seconds);
  visit("forward_is_confirmed", budget.forward.is_confirmed);
  visit("horizon_from", budget.horizon.from);
  visit("horizon_position", budget.horizon.position);
  visit("horizon_steps", budget.horizon.steps);
  visit("is_stretched", budget.is_stretched);
  visit("evaluates", budget.evaluates);
  visit("next_decision", budget.next_decision);
  visit("pass_end", budget.pass_end);
}

json to_json(const budget::RunUsage& spent) {
  json j;
  for_spent(spent, [&](const std::string& name, const auto& value) { j[name] = value; });
  return j;
}
json to_json(const budget::BudgetState& budget) {
  json j;
  for_budget(budget, [&](const std::string& name, const auto& value) { j[name] = value; });
  j["limits"] = budget.limits ? budget::limits_text(*budget.limits) : "";
  j["decisions"] = budget::decisions_text(budget.decisions);
  return j;
}

// [share, standard error]; a share of -1 is not known.
json to_json(const std::optional<score::LabelNoise>& noise) {
  if (!noise) return {-1.0, 0.0};
  return {noise->share, noise->standard_error};
}
std::optional<score::LabelNoise> label_noise_from(const json& j) {
  const score::LabelNoise noise{.share = j.at(0), .standard_error = j.at(1)};
  return noise.share < 0 ? std::nullopt : std::optional(noise);
}

budget::RunUsage spent_from(const json& j) {
  budget::RunUsage spent;
  for_spent(spent, [&](const std::string& name, auto& value) { j.at(name).get_to(value); });
  return spent;
}
budget::BudgetState budget_from(const json& j) {
  budget::BudgetState budget;
  for_budget(budget, [&](const std::string& name, auto& value) { j.at(name).get_to(value); });
  const std::string limits = j.at("limits");
  if (!limits.empty()) budget.limits = budget::parse_limits(limits);
  budget.decisions = budget::parse_decisions(j.at("decisions"), "a checkpoint's decisions");
  return budget;
}

std::string state_text(const RunState& state, const SavedArrays& arrays) {
  return json{{"format_version", 3},
              {"sequence", state.sequence},
              {"goal", static_cast<int>(state.goal)},
              {"phase", static_cast<int>(state.phase)},
              {"epoch", state.epoch},
              {"batch", state.batch},
              {"step", state.step},
              {"pass_loss_sum", state.pass_loss_sum},
              {"pass_samples", state.pass_samples},
              {"learning_rate", state.learning_rate},
              {"warmup_iterations", state.warmup_iterations},
              {"num_batches_tracked", arrays.model.num_batches_tracked},
              {"optimizer_step", arrays.optimizer.step},
              {"num_samples", state.num_samples},
              {"dataset_hash", state.dataset_hash},
              {"test_hash", state.test_hash},
              {"engine", state.engine},
              {"configuration", state.configuration},
              {"label_noise", to_json(state.label_noise)},
              {"metrics", state.metrics},
              {"spent", to_json(state.spent)},
              {"budget", to_json(state.budget)}}
      .dump();
}

Phase phase_from(int number) {
  if (number < 0 || number > static_cast<int>(Phase::done)) {
    throw core::Error(core::ErrorKind::data, "the checkpoint names an unknown phase");
  }
  return static_cast<Phase>(number);
}

RunState state_from(const json& j) {
  RunState state;
  state.sequence = j.at("sequence");
  state.goal = phase_from(j.at("goal"));
  state.phase = phase_from(j.at("phase"));
  state.epoch = j.at("epoch");
  state.batch = j.at("batch");
  state.step = j.at("step");
  state.pass_loss_sum = j.at("pass_loss_sum");
  state.pass_samples = j.at("pass_samples");
  state.learning_rate = j.at("learning_rate");
  state.warmup_iterations = j.at("warmup_iterations");
  state.num_samples = j.at("num_samples");
  state.dataset_hash = j.at("dataset_hash");
  state.test_hash = j.value("test_hash", "");
  state.engine = j.at("engine");
  state.configuration = j.at("configuration");
  state.label_noise = label_noise_from(j.at("label_noise"));
  state.metrics = j.at("metrics");
  state.spent = spent_from(j.at("spent"));
  state.budget = budget_from(j.at("budget"));
  return state;
}

// Every array of a checkpoint, for writing and for reading alike.
template <typename Arrays, typename Kept, typename Visit>
void for_arrays(const Arrays& arrays, Kept& kept, Visit&& visit) {
  visit("model.parameters", std::span(arrays.model.parameters));
  visit("model.statistics", std::span(arrays.model.statistics));
  visit("optimizer.first", std::span(arrays.optimizer.first));
  visit("optimizer.second", std::span(arrays.optimizer.second));
  for (auto& array : arrays.optimizer.of_rule) {
    visit("optimizer.rule." + array.name, std::span(array.values));
  }
  for (const core::NamedArray& array : arrays.gathered) {
    std::visit([&](auto values) { visit(array.name, values); }, array.values);
  }
  visit("selection", std::span(kept));
}

// The hash that the file should carry, read in pieces.
std::string hash_of(const core::SafetensorsReader& file) {
  core::Hasher hasher;
  hasher.add(file.metadata().at("state"));
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (const core::TensorHeader& tensor : file.tensors()) {
    hasher.add(tensor.name);
    for (std::size_t at = 0; at < tensor.num_bytes(); at += piece.size()) {
      const auto part = std::span(piece).first(std::min(piece.size(), tensor.num_bytes() - at));
      file.read(tensor.name, part, at);
      hasher.add(part);
    }
  }
  return hasher.hex();
}

[[noreturn]] void reject_version(const std::filesystem::path& path) {
  throw core::Error(core::ErrorKind::data,
                    fmt::format("{}: written by another version of edgeprune", path.string()));
}

std::size_t length_of(const core::SafetensorsReader& file, std::string_view name) {
  for (const core::TensorHeader& tensor : file.tensors()) {
    if (tensor.name == name && tensor.shape.size() == 1) return tensor.shape[0];
  }
  throw json::other_error::create(500, "no such array", nullptr);
}

LoadedCheckpoint read_checkpoint(const std::filesystem::path& path) {
  const core::SafetensorsReader file(path);
  const auto& metadata = file.metadata();
  if (!metadata.contains("state") || !metadata.contains("hash") ||
      metadata.at("hash") != hash_of(file)) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("{}: its hash does not fit", path.string()));
  }
  try {
    LoadedCheckpoint checkpoint{.state = state_from(json::parse(metadata.at("state"))),
                                .path = path};
    checkpoint.state.kept.resize(length_of(file, "selection"));
    file.read("selection", std::as_writable_bytes(std::span(checkpoint.state.kept)));
    return checkpoint;
  } catch (const json::exception&) {
    reject_version(path);
  }
}

}  // namespace

void write_checkpoint(const std::filesystem::path& run_directory, RunState& state,
                      const SavedArrays& arrays) {
  ++state.sequence;
  // In order of their names, as a reader finds them: the hash goes by it.
  std::map<std::string, std::pair<core::TensorHeader, std::span<const std::byte>>> saved;
  for_arrays(arrays, state.kept, [&]<typename T>(const std::string& name, std::span<T> values) {
    saved[name] = {{name, core::element_type_of<std::remove_const_t<T>>(), {values.size()}},
                   std::as_bytes(values)};
  });
  std::map<std::string, std::string> metadata = {{"state", state_text(state, arrays)}};
  std::vector<core::TensorHeader> headers;
  core::Hasher hasher;
  hasher.add(metadata["state"]);
  for (const auto& [name, array] : saved) {
    headers.push_back(array.first);
    hasher.add(name).add(array.second);
  }
  metadata["hash"] = hasher.hex();
  core::SafetensorsWriter writer(path_of(run_directory, state.sequence), metadata,
                                 std::move(headers));
  for (const auto& [name, array] : saved) writer.write(array.second);
  writer.commit();
}

void restore_arrays(const LoadedCheckpoint& checkpoint, const RestoredArrays& arrays) {
  const core::SafetensorsReader file(checkpoint.path);
  try {
    const json state = json::parse(file.metadata().at("state"));
    arrays.model.num_batches_tracked = state.at("num_batches_tracked");
    arrays.optimizer.step = state.at("optimizer_step");
    const std::vector<std::uint32_t>& kept = checkpoint.state.kept;
    for_arrays(arrays, kept, [&]<typename T>(const std::string& name, std::span<T> values) {
      if (length_of(file, name) != values.size()) {
        throw core::Error(
            core::ErrorKind::data,
            fmt::format("{}: '{}' holds {} numbers where this run needs {}; start "
                        "again with --force",
                        checkpoint.path.string(), name, length_of(file, name), values.size()));
      }
      if constexpr (!std::is_const_v<T>) file.read(name, std::as_writable_bytes(values));
    });
  } catch (const json::exception&) {
    reject_version(checkpoint.path);
  }
}

std::optional<LoadedCheckpoint> load_checkpoint(const std::filesystem::path& run_directory) {
  std::optional<LoadedCheckpoint> newest;
  std::vector<std::string> notices;
  for (const std::string_view name : kCheckpointFiles) {
    const auto path = run_directory / name;
    if (!std::filesystem::exists(path)) continue;
    try {
      LoadedCheckpoint checkpoint = read_checkpoint(path);
      if (newest && newest->state.sequence > checkpoint.state.sequence) continue;
      newest = std::move(checkpoint);
    } catch (const core::Error& error) {
      notices.push_back(fmt::format("passed over a damaged checkpoint ({})", error.what()));
    }
  }
  if (!newest && !notices.empty()) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: no checkpoint can be read; start again with --force",
                                  run_directory.string()));
  }
  if (newest) newest->notices = std::move(notices);
  return newest;
}

}  // namespace edgeprune::run
