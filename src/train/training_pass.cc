#include "edgeprune/train/training_pass.h"

namespace edgeprune::train {
namespace {

std::vector<std::uint32_t> ordered(const std::vector<std::uint32_t>& samples,
                                   const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[i] = samples[order[i]];
  return result;
}

// A permutation, and what fills the last batch: its beginning once more.
std::vector<std::uint32_t> drawn_order(const core::BatchPlan& batches, std::uint32_t num_samples,
                                       const core::RandomKey& key) {
  std::vector<std::uint32_t> order = core::random_permutation(num_samples, key);
  for (std::uint32_t i = 0; order.size() < batches.num_drawn(); ++i) order.push_back(order[i]);
  return order;
}

}  // namespace

TrainingPass::TrainingPass(const data::Dataset& dataset, const select::Pass& pass,
                           const PassOptions& options)
    : weights_(pass.weights),
      batches_(static_cast<std::uint32_t>(pass.samples.size()), options.batch_size,
               options.last_batch),
      order_(drawn_order(batches_, static_cast<std::uint32_t>(pass.samples.size()),
                         {.seed = options.loader.seed,
                          .purpose = options.purpose,
                          .epoch = options.loader.epoch})),
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
