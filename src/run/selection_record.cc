#include "selection_record.h"

#include "run_scores.h"

#include <fmt/format.h>

#include <string>

namespace edgeprune::run {

namespace {

std::optional<select::StoredBytes> bytes_of(const PlanRecord& run,
                                            const std::optional<StoredSet>& stored) {
  if (!stored) return {};
  const double originals = run.sizes.original * run.plan.num_samples;
  return select::StoredBytes{.bytes = stored->bytes,
                             .share_of_originals = static_cast<double>(stored->bytes) / originals,
                             .jpeg_quality = stored->jpeg_quality};
}

}  // namespace

select::Manifest selection_manifest(const PlanRecord& run, const std::optional<StoredSet>& stored) {
  const config::Config& config = run.config;
  const RunPlan& plan = run.plan;
  const select::Strategy& strategy = *run.choice.strategy;
  std::string scorer = ranking_score(config, strategy);
  if (scorer == "loss") scorer = fmt::format("loss, {}", score::name_of(config.score.mode));
  return {.dataset_hash = run.data.train.content_hash,
          .scorer = scorer.empty() ? "none" : scorer,
          .selector = std::string(strategy.name),
          .per_class = std::string(select::name_of(run.choice.per_class)),
          .seed = config.run.seed,
          .keep_ratio = config.prune.keep_ratio.as_written(),
          .num_samples = plan.num_samples,
          .num_kept = strategy.sampler != nullptr ? plan.num_samples : plan.num_kept,
          .stored = bytes_of(run, stored)};
}

}  // namespace edgeprune::run
