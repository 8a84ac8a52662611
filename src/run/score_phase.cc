#include "score_phase.h"

#include "scores_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace edgeprune::run {
namespace {

class ScorePhase {
 public:
  ScorePhase(RunContext& context, RunPasses& passes)
      : context_(context),
        passes_(passes),
        setup_(context.setup),
        run_(context.run),
        state_(context.run.state),
        budget_(context.budget) {}

  void run() {
    const auto scoring = run_.account.during(core::Activity::score);
    if (setup_.strategy().warms_up) {
      context_.announce_phase();
      warm_up();
      score_unseen();
      state_.warmup_iterations = setup_.plan.warmup_iterations;
      state_.label_noise = run_.scores->label_noise();
      context_.scores = run_.scores->finish();
      write_scores(setup_.files(), setup_.config, setup_.data, *context_.scores);
    }
    run_.enter(Phase::select);
  }

 private:
  void warm_up() {
    select::StaticSampler all(data::all_samples(setup_.data.train));
    // A pass under way whose steps are all done still has its line to write.
    while (state_.step < setup_.plan.warmup_iterations || state_.batch > 0) {
      score_pass(all.pass(state_.epoch));
      run_.record_pass();
      context_.notices_of_meters();
      run_.begin_pass(state_.epoch + 1);
    }
  }

  void score_pass(const select::Pass& all) {
    const auto evaluate_after =
        evaluation_iterations(setup_.plan.warmup_iterations, setup_.config.score.evaluations);
    const auto should_continue = [this](std::uint32_t) {
      if (state_.step >= setup_.plan.warmup_iterations) return false;
      budget_.before_warmup_step();
      return true;
    };
    const auto on_step = [&](const score::Observation& step) {
      run_.scores->observe(step);
      if (!run_.scores->steps_score() &&
          std::binary_search(evaluate_after.begin(), evaluate_after.end(), state_.step)) {
        score_by_forward(all.samples);
      }
    };
    passes_.train(all, {.should_continue = should_continue,
                        .observed = run_.scores->needs_of_steps(),
                        .on_step = on_step});
  }

  void score_unseen() {
    const auto unseen = run_.scores->unseen();
    if (unseen.empty()) return;
    context_.notice({NoticeKind::unseen_samples,
                     fmt::format("{} samples were not drawn in {} warm-up iterations; they are "
                                 "scored by one forward pass",
                                 unseen.size(), setup_.plan.warmup_iterations)});
    score_by_forward(unseen);
  }

  void score_by_forward(const std::vector<std::uint32_t>& samples) {
    (void)passes_.evaluate(
        setup_.data.train, samples,
        {.observed = run_.scores->needs_of_forward_passes(),
         .on_batch = [this](const auto& batch) { run_.scores->observe(batch); }});
    state_.spent.scoring_forward_samples += samples.size();
  }

  RunContext& context_;
  RunPasses& passes_;
  RunSetup& setup_;
  RunProgress& run_;
  RunState& state_;
  RunBudget& budget_;
};

}  // namespace

void run_score_phase(RunContext& context, RunPasses& passes) {
  ScorePhase(context, passes).run();
}

}  // namespace edgeprune::run
