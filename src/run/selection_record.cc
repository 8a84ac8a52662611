#include "selection_record.h"

#include "run_scores.h"

#include <fmt/format.h>

#include <string>

namespace edgeprune::run {

select::Manifest selection_manifest(const config::Config& config, const StrategyChoice& choice,
                                    const RunPlan& plan, const RunData& data) {
  const select::Strategy& strategy = *choice.strategy;
  std::string scorer = ranking_score(config, strategy);
  if (scorer == "loss") scorer = fmt::format("loss, {}", score::name_of(config.score.mode));
  return {.dataset_hash = data.train.content_hash,
          .scorer = scorer.empty() ? "none" : scorer,
          .selector = std::string(strategy.name),
          .per_class = std::string(select::name_of(choice.per_class)),
          .seed = config.run.seed,
          .keep_ratio = config.prune.keep_ratio.as_written(),
          .num_samples = plan.num_samples,
          .num_kept = strategy.sampler != nullptr ? plan.num_samples : plan.num_kept};
}

}  // namespace edgeprune::run
