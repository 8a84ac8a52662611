#pragma once
// A configuration that leaves nothing open: what runs, comparisons and plans are made of.
//
//   const ResolvedConfig config = resolve(read_config("train.toml"));
//   config->run.threads;                        // 4, where run.threads is 0 on four cores
//   Config tenth = *config;                     // a variant: change a copy, and resolve that
//   tenth.prune.keep_ratio = core::KeepRatio::parse("0.1");
//   run_pipeline(resolve(tenth), {});
//
// resolve() alone makes one. To resolve what is resolved already changes nothing.

#include "edgeprune/config/config.h"
#include "edgeprune/select/strategy.h"

#include <string>
#include <utility>
#include <vector>

namespace edgeprune::config {

class ResolvedConfig {
 public:
  [[nodiscard]] const Config& operator*() const { return config_; }
  [[nodiscard]] const Config* operator->() const { return &config_; }

 private:
  friend ResolvedConfig resolve(Config config);
  explicit ResolvedConfig(Config config) : config_(std::move(config)) {}

  Config config_;
};

/// The configuration with
/// - run.threads = 0 replaced by as many as this process may use,
/// - score.columns extended by every column that the strategy needs,
/// - the paths of files made absolute, so that a run can be resumed and exported from any folder;
///   run.directory stays as it is, and so do the names of networks and of shipped profiles.
/// Errors of kind config: a strategy or score that there is not, a score or quotas for a strategy
/// that does not take them.
[[nodiscard]] ResolvedConfig resolve(Config config);

/// Before the data are known: the strategies that a run may come to follow; one but for `auto`.
[[nodiscard]] std::vector<const select::Strategy*> possible_strategies(const Config& config);

/// The score that the strategy ranks by under this configuration; empty where it ranks by none.
/// prune.score with such a strategy is an Error of kind config.
[[nodiscard]] std::string ranking_score(const Config& config, const select::Strategy& strategy);

/// The columns of scores that the configured strategy needs of its warm-up, without repetition;
/// none where there is no warm-up. Errors of kind config as those of ranking_score.
[[nodiscard]] std::vector<std::string> needed_columns(const Config& config);

/// What the configuration names in fields that are paths (FieldPath::path), each with its field.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string>> given_paths(
    const Config& config);

}  // namespace edgeprune::config
