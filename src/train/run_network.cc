#include "edgeprune/train/run_network.h"

#include "edgeprune/nn/networks.h"
#include "edgeprune/train/network_file.h"
#include "edgeprune/train/run_data.h"
#include "edgeprune/train/run_directory.h"

#include "records.h"

namespace edgeprune::train {

std::filesystem::path network_file_of(const Config& config) {
  if (!is_network_file(config.model.network)) return {};
  const std::filesystem::path copy = std::filesystem::path(config.run.directory) / kNetworkFile;
  const bool copied = !config.run.directory.empty() && std::filesystem::exists(copy);
  return copied ? copy : std::filesystem::path(config.model.network);
}

std::string network_name(const Config& config) {
  return std::filesystem::path(config.model.network).filename().string();
}

NetworkTask network_task(const Config& config) {
  if (const auto planned = planned_task(config.run.directory)) return *planned;
  const data::Dataset dataset = open_training_data(config);
  return {{dataset.shape.height, dataset.shape.width, dataset.shape.channels},
          dataset.num_classes()};
}

nn::Network build_run_network(const Config& config, const nn::Shape& input,
                              std::uint32_t num_classes) {
  const std::filesystem::path file = network_file_of(config);
  if (!file.empty()) return read_network_file(file, input, num_classes);
  const Config::ModelSection& model = config.model;
  return nn::build_network({.name = model.network,
                            .hidden_sizes = model.hidden_sizes,
                            .width_multiplier = model.width_multiplier,
                            .stem = model.stem},
                           input, num_classes);
}

}  // namespace edgeprune::train
