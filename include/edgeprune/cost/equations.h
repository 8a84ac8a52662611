#pragma once
// The paper's cost equations as functions, one each, named after what it computes.
//
// FLOPs of a step are c(theta) per sample, forward and backward (nn::Network::flops_per_sample).

#include <cstdint>

namespace edgeprune::cost {

/// (7): T = E * ceil(M / b), counting the batches really made (core/batch_plan.h).
[[nodiscard]] std::uint64_t training_iterations(std::uint32_t epochs, std::uint32_t num_kept,
                                                std::uint32_t batch_size);

/// (23): the same without the ceiling, E * M / b.
[[nodiscard]] double training_iterations_continuous(std::uint32_t epochs, double num_kept,
                                                    std::uint32_t batch_size);

/// (8): tau = T * c * b / f.
[[nodiscard]] double training_seconds(double iterations, double flops_per_sample,
                                      std::uint32_t batch_size, double flops_per_second);

/// (8): E = P * tau.
[[nodiscard]] double energy_joules(double power_watts, double seconds);

/// (10), (12): p_k = N_k / sum_j N_j.
[[nodiscard]] double device_weight(std::uint32_t num_samples, std::uint64_t all_samples);

/// (9): S = M * sigma.
[[nodiscard]] double stored_bytes(std::uint32_t num_kept, double bytes_per_sample);

/// (24): T_0 * c * b.
[[nodiscard]] double scoring_flops(std::uint64_t warmup_iterations, double flops_per_sample,
                                   std::uint32_t batch_size);

/// (25): O(N). What choosing the top M of N scores takes: 2.5 ns a sample, as benchmarks/top_m
/// measures it on two threads of a server where half are kept. A slow core takes some times that,
/// still nothing beside training.
inline constexpr double kSelectSecondsPerSample = 2.5e-9;
[[nodiscard]] double selection_seconds(std::uint32_t num_samples);

/// (26): E * M * c, with M = rho * N.
[[nodiscard]] double training_flops(std::uint32_t epochs, std::uint32_t num_kept,
                                    double flops_per_sample);

/// (27): the paper's ratio of pruned to full training, which leaves the warm-up out: M / N.
[[nodiscard]] double paper_cost_ratio(std::uint32_t num_kept, std::uint32_t num_samples);

/// (28) over full training: the same with the warm-up in it, M / N + T_0 * b / (E * N).
[[nodiscard]] double cost_ratio_with_warmup(std::uint32_t num_kept, std::uint32_t num_samples,
                                            std::uint64_t warmup_iterations,
                                            std::uint32_t batch_size, std::uint32_t epochs);

}  // namespace edgeprune::cost
