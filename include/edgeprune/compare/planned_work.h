#pragma once
// Equal work: E M + warm-up samples for every strategy of a keep ratio, whatever it spends them on.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/run/shared_data.h"

#include <cstdint>

namespace edgeprune::compare {

/// The work of a run by its plan, in samples of a forward and a backward pass; forward passes alone
/// are charged by their FLOPs. Opens the data, or finds them in `data`. Errors as those of a run
/// before its first step.
[[nodiscard]] std::uint64_t planned_work(const config::ResolvedConfig& top,
                                         run::SharedData* data = nullptr);

}  // namespace edgeprune::compare
