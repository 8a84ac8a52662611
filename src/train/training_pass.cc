#include "edgeprune/train/training_pass.h"

namespace edgeprune::train {
namespace {

std::vector<std::uint32_t> ordered(const std::vector<std::uint32_t>& samples,
                                   const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> result(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[i] = samples[order[i]];
  return result;
}

}  // namespace

TrainingPass::TrainingPass(const data::Dataset& dataset, const select::Pass& pass,
                           const PassOptions& options)
    : order_(core::random_permutation(static_cast<std::uint32_t>(pass.samples.size()),
                                      {.seed = options.loader.seed,
                                       .purpose = options.purpose,
                                       .epoch = options.loader.epoch})),
      weights_(pass.weights),
      batches_(static_cast<std::uint32_t>(pass.samples.size()), options.batch_size),
      loader_(std::make_unique<data::BatchLoader>(dataset, ordered(pass.samples, order_), batches_,
                                                  options.loader)) {}

std::vector<float> TrainingPass::weights(std::uint32_t batch) const {
  std::vector<float> result;
  if (weights_.empty()) return result;
  const core::BatchRange range = batches_.batch(batch);
  for (std::uint32_t i = range.begin; i < range.begin + range.size; ++i) {
    result.push_back(weights_[order_[i]]);
  }
  return result;
}

}  // namespace edgeprune::train
