#include "edgeprune/core/batch_plan.h"

#include "edgeprune/core/error.h"

namespace edgeprune::core {

BatchPlan::BatchPlan(std::uint32_t num_samples, std::uint32_t batch_size, LastBatch last)
    : num_drawn_(num_samples), batch_size_(batch_size) {
  if (batch_size == 0) throw Error(ErrorKind::config, "the batch size is 0; it must be at least 1");
  const std::uint32_t full = num_samples / batch_size;
  const std::uint32_t rest = num_samples % batch_size;
  const bool fills = last == LastBatch::fill && full > 0 && rest > 0;
  const bool joins = rest == 1 && full > 0 && !fills;
  num_batches_ = full + (rest > 0 && !joins ? 1 : 0);
  if (fills) num_drawn_ = num_batches_ * batch_size;
}

BatchRange BatchPlan::batch(std::uint32_t batch) const {
  const std::uint32_t begin = batch * batch_size_;
  const bool last = batch + 1 == num_batches_;
  return {begin, last ? num_drawn_ - begin : batch_size_};
}

}  // namespace edgeprune::core
