#pragma once
// selection.json: where a selection comes from.

#include "edgeprune/run/run_state.h"
#include "edgeprune/select/manifest.h"

#include "plan_record.h"

#include <optional>

namespace edgeprune::run {

/// `stored`: of samples that were re-encoded.
[[nodiscard]] select::Manifest selection_manifest(const PlanRecord& run,
                                                  const std::optional<StoredSet>& stored);

}  // namespace edgeprune::run
