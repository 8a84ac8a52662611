#pragma once
// The batches of one pass over some samples: their order, their weights, the samples of each.

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/random.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/select/sampler.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace edgeprune::train {

struct PassOptions {
  core::Purpose purpose = core::Purpose::training_order;  // with seed and epoch, the order's key
  std::uint32_t batch_size = 64;
  core::LastBatch last_batch = core::LastBatch::keep;
  /// Its seed, epoch and first batch are those of the pass.
  data::LoaderOptions loader;
};

class TrainingPass {
 public:
  /// `dataset` must outlive it.
  TrainingPass(const data::Dataset& dataset, const select::Pass& pass, const PassOptions& options);

  [[nodiscard]] std::uint32_t num_batches() const { return batches_.num_batches(); }
  /// The next batch, valid until the next call; null after the last.
  [[nodiscard]] const data::Batch* next() { return loader_->next(); }
  /// One per sample of the batch; empty: all 1.
  [[nodiscard]] std::vector<float> weights(std::uint32_t batch) const;

 private:
  std::vector<float> weights_;  // of the pass's samples, before they were shuffled
  core::BatchPlan batches_;
  // Of the pass's samples; behind them those that fill the last batch.
  std::vector<std::uint32_t> order_;
  std::unique_ptr<data::BatchLoader> loader_;
};

}  // namespace edgeprune::train
