#include "edgeprune/run/run_inputs.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/data/source.h"

#include <fmt/format.h>

#include <utility>

namespace edgeprune::run {
namespace {

[[noreturn]] void reject_inputs(const std::string& what) {
  throw core::Error(core::ErrorKind::config, what);
}

data::Dataset finished(data::Dataset dataset) {
  return dataset.content_hash.empty() ? data::finish_dataset(std::move(dataset)) : dataset;
}

// Data that are handed over are used as they are.
void require_as_they_are(const config::Config::Data& data) {
  const auto require_default = [](bool is_default, std::string_view field) {
    if (!is_default)
      reject_inputs(fmt::format("{} does not go with data in memory; leave it out", field));
  };
  require_default(data.train_limit == 0, "data.train_limit");
  require_default(data.test_limit == 0, "data.test_limit");
  require_default(data.sample_seed == 0, "data.sample_seed");
  require_default(data.test_part == data::Part::all, "data.test_part");
  require_default(data.label_noise == 0, "data.label_noise");
  require_default(data.class_skew == 0, "data.class_skew");
}

void require_fit(const nn::Network& network, const RunData& data) {
  const nn::Shape& input = network.shape(network.input());
  if (input == data.shape() && network.num_classes() == data.train.num_classes()) return;
  reject_inputs(fmt::format(
      "the network in memory reads {} x {} x {} and tells {} classes apart, but the "
      "samples are {} x {} x {} of {} classes",
      input.height, input.width, input.channels, network.num_classes(), data.shape().height,
      data.shape().width, data.shape().channels, data.train.num_classes()));
}

}  // namespace

RunInputs::RunInputs(data::Dataset train, std::optional<data::Dataset> test) {
  auto both = std::make_shared<RunData>();
  both->train = finished(std::move(train));
  both->normalisation = data::normalisation_of(both->train);
  if (test) both->test = data::match_to_training(finished(std::move(*test)), both->train);
  data = std::move(both);
}

std::shared_ptr<const RunData> data_in_memory(const config::Config& config,
                                              const RunInputs* inputs) {
  const bool is_asked_for = config.data.format == data::SourceFormat::memory;
  const bool is_given = inputs != nullptr && inputs->data != nullptr;
  if (is_asked_for && !is_given) {
    reject_inputs(
        "data.format is memory: the data set is to be handed over by a program (RunInputs), and "
        "is missing; run or resume from that program, or name files");
  }
  if (!is_given) return nullptr;
  if (!is_asked_for) {
    reject_inputs(
        "a data set is handed over in memory, but data.format names files; set it to memory");
  }
  require_as_they_are(config.data);
  return inputs->data;
}

const nn::Network* network_in_memory(const config::Config& config, const RunInputs* inputs,
                                     const RunData& data) {
  const bool is_asked_for = config.model.network == kNetworkInMemory;
  const bool is_given = inputs != nullptr && inputs->network.has_value();
  if (is_asked_for && !is_given) {
    reject_inputs(
        "model.network is memory: the network is to be handed over by a program (RunInputs), "
        "and is missing; run or resume from that program, or name a network");
  }
  if (!is_given) return nullptr;
  if (!is_asked_for) {
    reject_inputs(
        fmt::format("a network is handed over in memory, but model.network is {}; set it to "
                    "memory",
                    config.model.network));
  }
  require_fit(*inputs->network, data);
  return &*inputs->network;
}

const nn::Model* model_in_memory(const config::Config& config, const RunInputs* inputs,
                                 const nn::Network& network) {
  if (inputs == nullptr || !inputs->model) return nullptr;
  if (!config.model.init.empty()) {
    reject_inputs(
        "first weights are handed over in memory, and model.init names others; leave one out");
  }
  const nn::Model fresh = nn::initial_model(network, 0);
  if (inputs->model->parameters.size() != fresh.parameters.size() ||
      inputs->model->statistics.size() != fresh.statistics.size()) {
    reject_inputs("the first weights in memory are those of another network");
  }
  return &*inputs->model;
}

std::string identity_of(const nn::Network& network) {
  core::Hasher hasher;
  hasher.add(nn::network_hash(network));
  for (const nn::Operation& operation : network.operations()) {
    hasher.add(operation.name);
    hasher.add(fmt::format("{} {}", operation.batch_norm.epsilon, operation.batch_norm.momentum));
  }
  return hasher.hex();
}

}  // namespace edgeprune::run
