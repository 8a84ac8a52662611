#pragma once
// metrics.jsonl: a line a pass.

#include "edgeprune/budget/run_usage.h"
#include "edgeprune/run/metrics.h"

#include "record_json.h"

#include <string>
#include <vector>

namespace edgeprune::run {

/// Newline included. Times stand under "time", apart from what is reproducible.
[[nodiscard]] std::string metrics_line(const PassRecord& record);

/// Of all of the passes.
[[nodiscard]] std::string metrics_text(const std::vector<PassRecord>& passes);

[[nodiscard]] Json samples_json(const budget::RunUsage& spent);
/// "kept_loss", "kept_accuracy", ... of what was evaluated.
void add_evaluation(Json& json, const EpochMetrics& metrics);

}  // namespace edgeprune::run
