#pragma once
// The network of one run, as the section [model] of its configuration describes it.

#include "edgeprune/config/config.h"
#include "edgeprune/core/directory.h"
#include "edgeprune/nn/network.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace edgeprune::run {

/// The file that describes the network, where model.network names one: the run's own copy once
/// there is one, in `run`, or without it in config.run.directory. Nothing for a network by its
/// name.
[[nodiscard]] std::optional<core::FilePlace> network_file_of(const config::Config& config,
                                                             const core::Directory* run = nullptr);

/// What the network is called in plans and model files: its name, or that of its file.
[[nodiscard]] std::string network_name(const config::Config& config);

/// What a run's model file says of itself.
[[nodiscard]] std::map<std::string, std::string> model_metadata(const config::Config& config);

/// What a network is made for.
struct NetworkTask {
  nn::Shape input;
  std::uint32_t num_classes = 0;
};
/// That of the run's data: as its plan says, and where there is none yet, by opening the data.
[[nodiscard]] NetworkTask network_task(const config::Config& config);

/// An Error of kind config where the section does not make a network for such samples.
[[nodiscard]] nn::Network build_run_network(const config::Config& config, const nn::Shape& input,
                                            std::uint32_t num_classes,
                                            const core::Directory* run = nullptr);

}  // namespace edgeprune::run
