#include "edgeprune/train/checkpoint.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/safetensors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgeprune::train {
namespace {

using nlohmann::json;

std::filesystem::path path_of(const std::filesystem::path& directory, std::uint64_t sequence) {
  return directory / kCheckpointFiles[sequence % 2];
}

json to_json(const Spent& spent) {
  return {{"learning_samples", spent.learning_samples},
          {"scoring_forward_samples", spent.scoring_forward_samples},
          {"evaluation_samples", spent.evaluation_samples},
          {"score_seconds", spent.score_seconds},
          {"select_seconds", spent.select_seconds},
          {"train_seconds", spent.train_seconds},
          {"evaluate_seconds", spent.evaluate_seconds}};
}

Spent spent_from(const json& j) {
  return {.learning_samples = j.at("learning_samples"),
          .scoring_forward_samples = j.at("scoring_forward_samples"),
          .evaluation_samples = j.at("evaluation_samples"),
          .score_seconds = j.at("score_seconds"),
          .select_seconds = j.at("select_seconds"),
          .train_seconds = j.at("train_seconds"),
          .evaluate_seconds = j.at("evaluate_seconds")};
}

std::string state_text(const RunState& state) {
  return json{{"format_version", 1},
              {"sequence", state.sequence},
              {"goal", static_cast<int>(state.goal)},
              {"phase", static_cast<int>(state.phase)},
              {"epoch", state.epoch},
              {"batch", state.batch},
              {"step", state.step},
              {"pass_loss_sum", state.pass_loss_sum},
              {"pass_samples", state.pass_samples},
              {"warmup_iterations", state.warmup_iterations},
              {"num_batches_tracked", state.model.num_batches_tracked},
              {"optimizer_step", state.optimizer.step},
              {"dataset_hash", state.dataset_hash},
              {"engine", state.engine},
              {"configuration", state.configuration},
              {"metrics", state.metrics},
              {"spent", to_json(state.spent)}}
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
  state.warmup_iterations = j.at("warmup_iterations");
  state.model.num_batches_tracked = j.at("num_batches_tracked");
  state.optimizer.step = j.at("optimizer_step");
  state.dataset_hash = j.at("dataset_hash");
  state.engine = j.at("engine");
  state.configuration = j.at("configuration");
  state.metrics = j.at("metrics");
  state.spent = spent_from(j.at("spent"));
  return state;
}

// One visit of every array of the state, for writing and for reading alike.
template <typename State, typename Visit>
void for_arrays(State& state, Visit&& visit) {
  visit("model.parameters", state.model.parameters);
  visit("model.statistics", state.model.statistics);
  visit("optimizer.first", state.optimizer.first);
  visit("optimizer.second", state.optimizer.second);
  visit("score.sums", state.score.sums);
  visit("score.visits", state.score.visits);
  visit("selection", state.kept);
}

std::string hash_of(const core::SafetensorsFile& file) {
  core::Hasher hasher;
  hasher.add(file.metadata.at("state"));
  for (const auto& [name, array] : file.tensors) hasher.add(name).add(array.bytes);
  return hasher.hex();
}

RunState read_checkpoint(const std::filesystem::path& path) {
  const core::SafetensorsFile file = core::read_safetensors(path);
  if (!file.metadata.contains("state") || !file.metadata.contains("hash") ||
      file.metadata.at("hash") != hash_of(file)) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("{}: its hash does not fit", path.string()));
  }
  try {
    RunState state = state_from(json::parse(file.metadata.at("state")));
    for_arrays(state, [&]<typename T>(const char* name, std::vector<T>& values) {
      const auto elements = file.at(name).template as<T>();
      values.assign(elements.begin(), elements.end());
    });
    return state;
  } catch (const json::exception&) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("{}: written by another version of edgeprune", path.string()));
  }
}

}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::score:
      return "score";
    case Phase::select:
      return "select";
    case Phase::train:
      return "train";
    case Phase::done:
      return "done";
  }
  return "done";
}

void write_checkpoint(const std::filesystem::path& run_directory, RunState& state) {
  ++state.sequence;
  core::SafetensorsFile file;
  file.metadata["state"] = state_text(state);
  for_arrays(state, [&]<typename T>(const char* name, const std::vector<T>& values) {
    file.add(name, std::span<const T>(values), {values.size()});
  });
  file.metadata["hash"] = hash_of(file);
  core::write_safetensors(path_of(run_directory, state.sequence), file);
}

std::optional<LoadedCheckpoint> load_checkpoint(const std::filesystem::path& run_directory) {
  std::optional<LoadedCheckpoint> newest;
  std::vector<std::string> notices;
  for (const std::string_view name : kCheckpointFiles) {
    const auto path = run_directory / name;
    if (!std::filesystem::exists(path)) continue;
    try {
      RunState state = read_checkpoint(path);
      if (newest && newest->state.sequence > state.sequence) continue;
      newest = LoadedCheckpoint{std::move(state), {}};
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

}  // namespace edgeprune::train
