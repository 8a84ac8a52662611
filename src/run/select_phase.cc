#include "select_phase.h"

#include "edgeprune/select/manifest.h"

#include "run_selection.h"
#include "run_warnings.h"
#include "selection_record.h"
#include "stored_samples.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::run {
namespace {

class SelectPhase {
 public:
  SelectPhase(RunContext& context, RunPasses& passes)
      : context_(context),
        passes_(passes),
        setup_(context.setup),
        run_(context.run),
        state_(context.run.state) {}

  void run() {
    context_.announce_phase();
    if (run_.scores) {
      if (!context_.scores) context_.scores = run_.scores->finish();
      settle();
    }
    {
      const auto selecting = run_.account.during(core::Activity::select);
      state_.kept = context_.unless_stopped([this] { return selection(); });
      state_.spent.scoring_forward_samples += forward_samples_;
    }
    context_.scores.reset();
    store();
    select::write_selection(setup_.files(), state_.kept,
                            selection_manifest(setup_.record(), state_.stored));
    context_.notices(NoticeKind::vanished_classes,
                     vanished_classes(setup_.data.train, state_.kept));
    run_.enter(Phase::train);
  }

 private:
  // After the warm-up: what `auto` makes of it, and what is to be said of the scores.
  void settle() {
    const std::string score = config::ranking_score(setup_.config, setup_.strategy());
    std::span<const float> values;
    if (!score.empty()) values = context_.scores->column(score);
    context_.notices(
        NoticeKind::scores,
        score_warnings(setup_.strategy(),
                       {.score = score, .values = values, .label_noise = state_.label_noise}));
    if (setup_.choice.reason.empty()) return;
    setup_.settle(state_.label_noise, state_.warmup_iterations);
    setup_.write_plan();
    context_.notice(setup_.strategy_notice());
  }

  void store() {
    {
      const auto selecting = run_.account.during(core::Activity::select);
      state_.stored = store_samples(setup_, state_.kept);
    }
    if (!state_.stored) return;
    context_.notice({NoticeKind::stored, stored_text(setup_, *state_.stored)});
  }

  [[nodiscard]] std::vector<std::uint32_t> selection() {
    // A dynamic strategy chooses each epoch: everything stays.
    if (setup_.strategy().sampler != nullptr) return data::all_samples(setup_.data.train);
    if (setup_.strategy().select == nullptr) return setup_.given;
    return make_selection({.config = setup_.config,
                           .choice = setup_.choice,
                           .plan = setup_.plan,
                           .dataset = setup_.data.train,
                           .scores = context_.scores ? &*context_.scores : nullptr,
                           .pool = &setup_.pool,
                           .features = [this](auto samples) { return features_of(samples); }});
  }

  [[nodiscard]] select::FeatureMatrix features_of(std::span<const std::uint32_t> samples) {
    forward_samples_ += samples.size();
    return gather_features(setup_.network, samples.size(), [&](train::EvaluateOptions options) {
      options.interrupted = context_.stop_check();
      (void)passes_.evaluate(setup_.data.train, samples, options);
    });
  }

  RunContext& context_;
  RunPasses& passes_;
  RunSetup& setup_;
  RunProgress& run_;
  RunState& state_;
  // Counted once the selection is made: one that is stopped is made again from the beginning.
  std::uint64_t forward_samples_ = 0;
};

}  // namespace

void run_select_phase(RunContext& context, RunPasses& passes) {
  SelectPhase(context, passes).run();
}

}  // namespace edgeprune::run
