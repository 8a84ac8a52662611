#include "edgeprune/cost/equations.h"

#include "edgeprune/core/batch_plan.h"

namespace edgeprune::cost {

std::uint64_t training_iterations(std::uint32_t epochs, std::uint32_t num_kept,
                                  std::uint32_t batch_size) {
  return std::uint64_t{epochs} * core::BatchPlan(num_kept, batch_size).num_batches();
}

double training_iterations_continuous(std::uint32_t epochs, double num_kept,
                                      std::uint32_t batch_size) {
  return epochs * num_kept / batch_size;
}

double training_seconds(double iterations, double flops_per_sample, std::uint32_t batch_size,
                        double flops_per_second) {
  return iterations * flops_per_sample * batch_size / flops_per_second;
}

double energy_joules(double power_watts, double seconds) {
  return power_watts * seconds;
}

double device_weight(std::uint32_t num_samples, std::uint64_t all_samples) {
  return static_cast<double>(num_samples) / static_cast<double>(all_samples);
}

double stored_bytes(std::uint32_t num_kept, double bytes_per_sample) {
  return num_kept * bytes_per_sample;
}

double scoring_flops(std::uint64_t warmup_iterations, double flops_per_sample,
                     std::uint32_t batch_size) {
  return static_cast<double>(warmup_iterations) * flops_per_sample * batch_size;
}

double selection_seconds(std::uint32_t num_samples) {
  return kSelectSecondsPerSample * num_samples;
}

double training_flops(std::uint32_t epochs, std::uint32_t num_kept, double flops_per_sample) {
  return static_cast<double>(epochs) * num_kept * flops_per_sample;
}

double paper_cost_ratio(std::uint32_t num_kept, std::uint32_t num_samples) {
  return static_cast<double>(num_kept) / num_samples;
}

double cost_ratio_with_warmup(std::uint32_t num_kept, std::uint32_t num_samples,
                              std::uint64_t warmup_iterations, std::uint32_t batch_size,
                              std::uint32_t epochs) {
  return paper_cost_ratio(num_kept, num_samples) + static_cast<double>(warmup_iterations) *
                                                       batch_size /
                                                       (static_cast<double>(epochs) * num_samples);
}

}  // namespace edgeprune::cost
