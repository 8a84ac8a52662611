#pragma once
// The phases of a run, in their order.

#include "edgeprune/core/usage.h"

#include <string_view>

namespace edgeprune::run {

enum class Phase { score, select, train, done };
/// "score", "select", "train", "done".
[[nodiscard]] std::string_view name_of(Phase phase);
/// What a run in this phase is busy with; `other` where it is done.
[[nodiscard]] core::Activity activity_of(Phase phase);

}  // namespace edgeprune::run
