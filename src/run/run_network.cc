#include "edgeprune/run/run_network.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/files.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_files.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace edgeprune::run {
namespace {

// What plan.json of a run directory says of its data; empty where there is none that can be read.
std::optional<NetworkTask> planned_task(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kPlanFile;
  if (directory.empty() || !std::filesystem::exists(path)) return {};
  try {
    const nlohmann::json dataset = nlohmann::json::parse(core::read_file(path)).at("dataset");
    return NetworkTask{
        {dataset.at("height").get<std::uint32_t>(), dataset.at("width").get<std::uint32_t>(),
         dataset.at("channels").get<std::uint32_t>()},
        dataset.at("num_classes").get<std::uint32_t>()};
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

}  // namespace

std::filesystem::path network_file_of(const config::Config& config) {
  if (!config::is_network_file(config.model.network)) return {};
  const std::filesystem::path copy = std::filesystem::path(config.run.directory) / kNetworkFile;
  const bool copied = !config.run.directory.empty() && std::filesystem::exists(copy);
  return copied ? copy : std::filesystem::path(config.model.network);
}

std::string network_name(const config::Config& config) {
  return std::filesystem::path(config.model.network).filename().string();
}

NetworkTask network_task(const config::Config& config) {
  if (const auto planned = planned_task(config.run.directory)) return *planned;
  const data::Dataset dataset = open_training_data(config);
  return {{dataset.shape.height, dataset.shape.width, dataset.shape.channels},
          dataset.num_classes()};
}

nn::Network build_run_network(const config::Config& config, const nn::Shape& input,
                              std::uint32_t num_classes) {
  const std::filesystem::path file = network_file_of(config);
  if (!file.empty()) return config::read_network_file(file, input, num_classes);
  const config::Config::ModelSection& model = config.model;
  return nn::build_network({.name = model.network,
                            .hidden_sizes = model.hidden_sizes,
                            .width_multiplier = model.width_multiplier,
                            .stem = model.stem},
                           input, num_classes);
}

}  // namespace edgeprune::run
