#include "edgeprune/run/planned_run.h"

#include "edgeprune/run/run_plan.h"
#include "edgeprune/run/run_work.h"
#include "edgeprune/select/strategy.h"

#include "device_prediction.h"
#include "run_setup.h"

#include <string>
#include <utility>

namespace edgeprune::run {
namespace {

config::ResolvedConfig without_budgets(const config::ResolvedConfig& config) {
  config::Config free = *config;
  free.budget = {.samples = config->budget.samples};
  return config::resolve(std::move(free));
}

}  // namespace

struct PlannedRun::State {
  State(const config::ResolvedConfig& config, const RunSources& sources)
      : setup(without_budgets(config), nullptr, sources) {}
  RunSetup setup;
};

PlannedRun::PlannedRun(const config::ResolvedConfig& config, SharedData* shared,
                       const RunInputs* inputs)
    : state_(std::make_unique<State>(config, RunSources{shared, inputs})) {}
PlannedRun::~PlannedRun() = default;
PlannedRun::PlannedRun(PlannedRun&&) noexcept = default;

cost::RunWork PlannedRun::work(const PlanVariant& variant) const {
  const RunSetup& setup = state_->setup;
  config::Config config = setup.config;
  if (variant.keep_ratio) config.prune.keep_ratio = *variant.keep_ratio;
  if (variant.epochs) config.train.epochs = *variant.epochs;
  if (variant.last_evaluation_only) config.train.evaluate_every_epochs = 0;
  const StrategyChoice choice = choose_run_strategy(config, std::nullopt);
  const RunPlan plan = plan_run(
      config, *choice.strategy, variant.num_samples.value_or(setup.data.train.num_samples()),
      setup.network,
      {.num_selected = static_cast<std::uint32_t>(setup.given.size()), .sizes = setup.sizes});
  return run_work(config, plan, facts_of(setup));
}

cost::TimingRequest PlannedRun::timing_request() const {
  return run::timing_request(state_->setup);
}

const config::Config& PlannedRun::config() const {
  return state_->setup.config;
}
const RunData& PlannedRun::data() const {
  return state_->setup.data;
}
const nn::Network& PlannedRun::network() const {
  return state_->setup.network;
}
train::TrainerOptions PlannedRun::trainer_options() const {
  return state_->setup.trainer_options();
}
std::string PlannedRun::memory_text() const {
  return state_->setup.memory.text();
}
nn::Model PlannedRun::first_model() const {
  std::string notice;
  return state_->setup.first_model(notice);
}
core::ThreadPool& PlannedRun::pool() {
  return state_->setup.pool;
}

}  // namespace edgeprune::run
