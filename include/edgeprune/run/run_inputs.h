#pragma once
// Data, a network and first weights that a program hands to a run in memory, in place of the files
// that a configuration names.
//
//   config.data.format = data::SourceFormat::memory;
//   const config::ResolvedConfig resolved = config::resolve(config);
//   const RunInputs inputs(std::move(train), std::move(test));
//   const RunDirectory run = prepare_run_directory(resolved, /*force=*/false, &inputs);
//   RunResult result = run_pipeline(run, {.inputs = &inputs});
//
// The run directory holds none of them. Whoever resumes the run hands the same over again: data and
// network are compared with those that it began with, and the bits are those of an uninterrupted
// run.

#include "edgeprune/config/config.h"
#include "edgeprune/data/dataset.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/run_data.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::run {

/// model.network of a run whose network is handed over.
inline constexpr std::string_view kNetworkInMemory = "memory";

struct RunInputs {
  RunInputs() = default;
  /// Takes the data over without a copy; what no reader has finished is finished here
  /// (data::finish_dataset, with its Errors). A test set that does not match is an Error of kind
  /// data (data::match_to_training).
  explicit RunInputs(data::Dataset train, std::optional<data::Dataset> test = {});

  /// With data.format `memory`; null: as the configuration says. Runs may share it.
  std::shared_ptr<const RunData> data;
  /// With model.network `memory`; for samples and classes such as the data's.
  std::optional<nn::Network> network;
  /// The first weights, in place of random ones or model.init; not needed to resume.
  std::optional<nn::Model> model;
};

/// The data that are handed over, or null where the configuration names files. Errors of kind
/// config: `memory` and nothing handed over (null, or without data), the other way round, and
/// fields that draw from the data or limit them.
[[nodiscard]] std::shared_ptr<const RunData> data_in_memory(const config::Config& config,
                                                            const RunInputs* inputs);

/// The same for the network. One for other samples or classes is an Error of kind config.
[[nodiscard]] const nn::Network* network_in_memory(const config::Config& config,
                                                   const RunInputs* inputs, const RunData& data);

/// The first weights that are handed over, or null. Those of another network, and model.init
/// beside them, are Errors of kind config.
[[nodiscard]] const nn::Model* model_in_memory(const config::Config& config,
                                               const RunInputs* inputs, const nn::Network& network);

/// Of all that the bits depend on.
[[nodiscard]] std::string identity_of(const nn::Network& network);

}  // namespace edgeprune::run
