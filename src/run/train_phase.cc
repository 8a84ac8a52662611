#include "train_phase.h"

#include "edgeprune/core/files.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"

#include "summary_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace edgeprune::run {
namespace {

class TrainPhase {
 public:
  TrainPhase(RunContext& context, RunPasses& passes)
      : context_(context),
        passes_(passes),
        setup_(context.setup),
        run_(context.run),
        state_(context.run.state),
        budget_(context.budget) {}

  void run() {
    context_.announce_phase();
    if (!run_.sampler) run_.sampler = std::make_unique<select::StaticSampler>(state_.kept);
    budget_.end_step_timing();
    {
      const auto training = run_.account.during(core::Activity::train);
      // A pass under way whose steps are all done still has its line to write.
      while (state_.epoch < budget_.epochs() &&
             (state_.step < budget_.total_steps() || state_.batch > 0)) {
        if (!train_pass()) break;
      }
      if (state_.metrics.empty() || !state_.metrics.back().evaluation.is_evaluated()) {
        evaluate_at_last();
      }
    }
    budget_.require_replayed();
    finish();
  }

 private:
  // False where the budget has left nothing of the pass.
  bool train_pass() {
    // Once for the whole pass: what is decided within it must not change it for who resumes.
    if (state_.expected_epochs == 0) state_.expected_epochs = budget_.epochs();
    run_.sampler->expect_epochs(state_.expected_epochs);
    const std::uint32_t pass_batches = passes_.train(
        run_.sampler->pass(state_.epoch),
        {.should_continue =
             [this](std::uint32_t batches) { return budget_.should_continue(batches); },
         .on_step =
             [this](const score::Observation& step) {
               run_.sampler->observe(step);
               if (run_.last_losses) run_.last_losses->observe(step);
             }});
    if (state_.batch == 0) return false;
    budget_.pass_ended(pass_batches);
    finish_epoch();
    context_.notices_of_meters();
    run_.begin_pass(state_.epoch + 1);
    context_.save_if_due();
    return true;
  }

  // The budget ended the run after an epoch that was not evaluated.
  void evaluate_at_last() {
    const auto evaluating = run_.account.during(core::Activity::evaluate);
    const EpochMetrics metrics = context_.unless_stopped([this] { return evaluate_epoch(); });
    run_.record_late_evaluation(metrics);
  }

  void finish() {
    nn::write_model(setup_.files() / kModelFile, setup_.network, run_.trainer.model(),
                    model_metadata(setup_.config));
    run_.account.flush();
    context_.notices_of_meters();
    core::write_file_atomically(setup_.files() / kSummaryFile, summary());
    run_.enter(Phase::done);
  }

  [[nodiscard]] std::string summary() const {
    const budget::UsageMeter& meter = context_.meter;
    return summary_json({.run = setup_.record(),
                         .state = state_,
                         .energy = {.meters = meter.records(),
                                    .idle_joules = meter.idle_joules(),
                                    .uncertainty_joules = meter.uncertainty_joules()},
                         .predicted = context_.predicted});
  }

  void finish_epoch() {
    EpochMetrics metrics;
    if (budget_.evaluates_this_epoch()) {
      const auto evaluating = run_.account.during(core::Activity::evaluate);
      metrics = context_.unless_stopped([this] { return evaluate_epoch(); });
    }
    run_.account.flush();
    run_.record_pass(metrics);
    if (context_.options.events == nullptr) return;
    context_.options.events->on_epoch(
        {.phase = Phase::train,
         .epoch = state_.epoch + 1,
         .epochs = budget_.epochs(),
         .running_loss = state_.pass_loss_sum / state_.pass_samples,
         .kept_accuracy = metrics.kept ? metrics.kept->accuracy : -1,
         .test_accuracy = metrics.test ? metrics.test->accuracy : -1});
  }

  EpochMetrics evaluate_epoch() {
    const auto all = data::all_samples(setup_.data.train);
    const train::Evaluation train =
        passes_.evaluate(setup_.training_data(), all, {context_.stop_check()});
    EpochMetrics metrics{.kept = mean_over(train, state_.kept), .train = mean_over(train, all)};
    require_finite(*metrics.train, "loss");
    std::uint64_t samples = all.size();
    if (setup_.data.test) {
      const auto test_samples = data::all_samples(*setup_.data.test);
      metrics.test = mean_over(
          passes_.evaluate(*setup_.data.test, test_samples, {context_.stop_check()}), test_samples);
      require_finite(*metrics.test, "loss over the test set");
      samples += test_samples.size();
    }
    state_.spent.evaluation_samples += samples;
    return metrics;
  }

  void require_finite(const Means& means, std::string_view what) const {
    if (std::isfinite(means.loss)) return;
    throw core::Error(
        core::ErrorKind::numeric,
        fmt::format("the model's {} is not finite after step {}; lower train.learning_rate", what,
                    state_.step));
  }

  RunContext& context_;
  RunPasses& passes_;
  RunSetup& setup_;
  RunProgress& run_;
  RunState& state_;
  RunBudget& budget_;
};

}  // namespace

void run_train_phase(RunContext& context, RunPasses& passes) {
  TrainPhase(context, passes).run();
}

}  // namespace edgeprune::run
