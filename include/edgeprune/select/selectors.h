#pragma once
// The selectors and samplers that rows of the strategies' table name. Each has a page of its own,
// src/select/NAME.cc, which says formula, source, direction, time and memory.

#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace edgeprune::select {

using Samples = std::vector<std::uint32_t>;

// By scores.
[[nodiscard]] Samples select_top(const SelectionInput& input);
[[nodiscard]] Samples select_bottom(const SelectionInput& input);
[[nodiscard]] Samples select_middle(const SelectionInput& input);
[[nodiscard]] Samples select_stratified(const SelectionInput& input);
[[nodiscard]] Samples select_beta(const SelectionInput& input);

// By features.
[[nodiscard]] Samples select_facility_location(const SelectionInput& input);
[[nodiscard]] Samples select_k_center(const SelectionInput& input);
[[nodiscard]] Samples select_moderate(const SelectionInput& input);

// Controls.
[[nodiscard]] Samples select_random(const SelectionInput& input);
[[nodiscard]] Samples select_all(const SelectionInput& input);

// Chosen anew each epoch.
[[nodiscard]] std::unique_ptr<Sampler> sample_rs2(const SelectionInput& input,
                                                  std::uint32_t epochs);
[[nodiscard]] std::unique_ptr<Sampler> sample_infobatch(const SelectionInput& input,
                                                        std::uint32_t epochs);

}  // namespace edgeprune::select
