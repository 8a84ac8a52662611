#include "edgeprune/run/run_network.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace edgeprune::run {
namespace {

// As `inspect --input` and `--classes` take them.
constexpr std::uint32_t kLargestExtent = 1u << 16;
constexpr std::uint32_t kMostClasses = 1'000'000;

// A size that a network can be built for.
std::uint32_t size_in(const nlohmann::json& dataset, const char* name, std::uint32_t largest) {
  const auto size = core::json_member<std::uint32_t>(dataset, name);
  if (size >= 1 && size <= largest) return size;
  throw core::JsonMismatch(fmt::format("'{}' must be from 1 to {}", name, largest));
}

NetworkTask task_of(const nlohmann::json& dataset) {
  return {{size_in(dataset, "height", kLargestExtent), size_in(dataset, "width", kLargestExtent),
           size_in(dataset, "channels", kLargestExtent)},
          size_in(dataset, "num_classes", kMostClasses)};
}

// What plan.json of a run directory says of its data; empty where there is none that can be read.
std::optional<NetworkTask> planned_task(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kPlanFile;
  if (directory.empty() || !std::filesystem::exists(path)) return {};
  const std::string text = core::read_file(path);
  try {
    return core::read_json<nlohmann::json>(
        text, {.name = path.string(), .what = "not a plan", .fix = "restore it"},
        [](const nlohmann::json& plan) { return task_of(plan.at("dataset")); });
  } catch (const core::Error&) {
    return {};
  }
}

}  // namespace

std::optional<core::FilePlace> network_file_of(const config::Config& config,
                                               const core::Directory* run) {
  if (!config::is_network_file(config.model.network)) return {};
  const std::string& directory = config.run.directory;
  const core::FilePlace copy =
      run != nullptr ? *run / kNetworkFile
                     : core::FilePlace(std::filesystem::path(directory) / kNetworkFile);
  const bool is_copied = (run != nullptr || !directory.empty()) && copy.exists();
  return is_copied ? copy : core::FilePlace(config.model.network);
}

std::string network_name(const config::Config& config) {
  return std::filesystem::path(config.model.network).filename().string();
}

std::map<std::string, std::string> model_metadata(const config::Config& config) {
  return {{"format", "pt"}, {"network", network_name(config)}};
}

NetworkTask network_task(const config::Config& config) {
  if (const auto planned = planned_task(config.run.directory)) return *planned;
  const data::Dataset dataset = open_training_data(config);
  return {{dataset.shape.height, dataset.shape.width, dataset.shape.channels},
          dataset.num_classes()};
}

nn::Network build_run_network(const config::Config& config, const nn::Shape& input,
                              std::uint32_t num_classes, const core::Directory* run) {
  if (const auto file = network_file_of(config, run)) {
    return config::parse_network_file(core::read_file(*file), file->text(), input, num_classes);
  }
  const config::Config::ModelSection& model = config.model;
  return nn::build_network({.name = model.network,
                            .hidden_sizes = model.hidden_sizes,
                            .width_multiplier = model.width_multiplier,
                            .stem = model.stem},
                           input, num_classes);
}

}  // namespace edgeprune::run
