#pragma once
// How a pass over some samples is cut into mini-batches: the one place that knows.
//
// A short last batch is kept (its true size divides the loss), but a last batch of ONE sample joins
// the batch before it: batch normalisation would have nothing to average over. So a pass makes
// ceil(M/b) batches, equation (7), or one fewer where the last would hold one sample; schedules and
// costs count the batches really made. A batch size of 1 is taken at its word.
//
// Or every batch is whole: the last one is filled up with as many samples as it lacks, the first
// ones of the pass.

#include <cstdint>

namespace edgeprune::core {

struct BatchRange {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// The last batch of a pass.
enum class LastBatch {
  keep,  // as short as it is
  fill,  // whole; a pass of fewer samples than a batch stays as it is
};

class BatchPlan {
 public:
  /// batch_size >= 1.
  BatchPlan(std::uint32_t num_samples, std::uint32_t batch_size, LastBatch last = LastBatch::keep);

  [[nodiscard]] std::uint32_t num_batches() const { return num_batches_; }
  /// The samples of all batches together; with `fill` some are in two of them.
  [[nodiscard]] std::uint32_t num_drawn() const { return num_drawn_; }
  /// batch < num_batches().
  [[nodiscard]] BatchRange batch(std::uint32_t batch) const;
  /// The largest batch of any plan with this batch size.
  [[nodiscard]] static std::uint32_t largest_batch(std::uint32_t batch_size) {
    return batch_size > 1 ? batch_size + 1 : 1;
  }

 private:
  std::uint32_t num_drawn_;
  std::uint32_t batch_size_;
  std::uint32_t num_batches_;
};

}  // namespace edgeprune::core
