#include "edgeprune/run/run_state.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

PassRecord epoch(std::uint32_t number) {
  PassRecord record{.phase = Phase::train,
                    .epoch = number,
                    .step = 10ULL * number,
                    .samples = 75,
                    .running_loss = 1.0 / number,
                    .learning_rate = 0.1f,
                    .spent_flops = 1e12};
  record.evaluation = {.kept = Means{0.5, 0.75}, .train = Means{0.6, 0.7}};
  return record;
}

RunState some_state() {
  RunState state{.sequence = 7,
                 .goal = Phase::done,
                 .phase = Phase::train,
                 .epoch = 2,
                 .batch = 3,
                 .step = 23,
                 .pass_loss_sum = 0.1,
                 .pass_samples = 48,
                 .learning_rate = 0.001f,
                 .warmup_iterations = 10,
                 .num_samples = 150,
                 .dataset_hash = "abc",
                 .engine = {.simd_target = "AVX2", .precision = "f32", .threads = 2},
                 .configuration = "def"};
  state.spent.learning_samples = 1000;
  state.label_noise = score::LabelNoise{.share = 0.2, .standard_error = 0.01};
  state.metrics = {epoch(1), epoch(2)};
  state.budget.limits = budget::BudgetLimits{.seconds = 60, .harvest = {{0, 2.5}, {60, 0}}};
  state.budget.decisions = {{.sequence = 1, .epoch = 1, .why = "training begins"}};
  state.kept = {1, 4, 149};
  return state;
}

RunState read_back(const RunState& state) {
  return parse_run_state(to_json(state), "file");
}

TEST(RunState, IsReadBackAsItWasWritten) {
  const RunState state = some_state();
  const RunState again = read_back(state);
  EXPECT_EQ(to_json(again), to_json(state));
  EXPECT_EQ(again.phase, Phase::train);
  EXPECT_EQ(again.engine, state.engine);
  ASSERT_EQ(again.metrics.size(), 2u);
  EXPECT_EQ(again.metrics[1].learning_rate, 0.1f);
  EXPECT_EQ(again.metrics[1].evaluation.train->loss, 0.6);
  EXPECT_FALSE(again.metrics[1].evaluation.test.has_value());
  ASSERT_TRUE(again.budget.limits.has_value());
  EXPECT_EQ(again.budget.limits->harvest.at(1).from_seconds, 60);
  EXPECT_EQ(again.budget.decisions.at(0).why, "training begins");
}

TEST(RunState, HoldsFiniteNumbersAlone) {
  const auto expect_refused = [](const RunState& state, const std::string& place) {
    expect_error(ErrorKind::internal, {"the state of a checkpoint: " + place, "not a finite"},
                 [&] { (void)to_json(state); });
  };
  RunState state = some_state();
  state.metrics[0].evaluation.test = Means{std::numeric_limits<double>::infinity(), 0.25};
  expect_refused(state, "metrics.0.evaluation.test.loss");
  state = some_state();
  state.spent.by_activity[core::Activity::train].joules = std::nan("");
  expect_refused(state, "spent.train.joules");
}

RC_GTEST_PROP(RunStateProperty, EveryNumberIsReadBackToTheBit,
              (std::uint64_t count, double sum, float rate, std::uint32_t passes)) {
  RC_PRE(std::abs(sum) <= 1e300 && std::isfinite(rate));
  RunState state = some_state();
  const std::uint64_t step = 10 + count % ((std::uint64_t{1} << 53) - 10);
  state.step = step;
  state.spent.learning_samples = step;
  state.pass_loss_sum = sum;
  state.learning_rate = rate;
  state.spent.by_activity[core::Activity::train] = {.seconds = sum, .joules = rate};
  state.metrics.assign(passes % 5, epoch(3));
  const RunState again = read_back(state);
  RC_ASSERT(again.step == step);
  RC_ASSERT(again.pass_loss_sum == sum);
  RC_ASSERT(again.learning_rate == rate);
  RC_ASSERT(again.spent.of(core::Activity::train).seconds == sum);
  RC_ASSERT(again.metrics.size() == passes % 5);
}

// What is said of a state in which `value` stands at `pointer`, a JSON pointer.
void expect_damaged(const std::string& pointer, const json& value, const std::string& field) {
  SCOPED_TRACE(pointer);
  json state = json::parse(to_json(some_state()));
  state[json::json_pointer(pointer)] = value;
  expect_error(ErrorKind::data, {"checkpoint-a", "damaged", field},
               [&] { (void)parse_run_state(state.dump(), "checkpoint-a"); });
}

TEST(RunState, NamesWhatIsDamaged) {
  expect_damaged("/step", -1, "'step'");
  expect_damaged("/step", 2.5, "'step'");
  expect_damaged("/epoch", 4294967296, "'epoch'");
  expect_damaged("/learning_rate", 1e39, "'learning_rate'");
  expect_damaged("/learning_rate", nullptr, "'learning_rate'");
  expect_damaged("/spent/train/joules", nullptr, "'spent.train.joules'");
  expect_damaged("/phase", "training", "'phase'");
  expect_damaged("/goal", 3, "'goal'");
  expect_damaged("/dataset_hash", 5, "'dataset_hash'");
  expect_damaged("/dataset_hash", std::string(300, 'a'), "a word");
  expect_damaged("/engine", "AVX2 with 2 threads", "'engine.simd_target'");
  expect_damaged("/engine/threads", "2", "'engine.threads'");
  expect_damaged("/metrics", "{}\n", "'metrics'");
  expect_damaged("/metrics/1/epoch", nullptr, "'metrics.epoch'");
  expect_damaged("/metrics/0/evaluation/kept", 0.5, "'metrics.evaluation.kept.loss'");
  expect_damaged("/budget/decisions/0/phase", "sleep", "'budget.decisions.phase'");
  expect_damaged("/step", 9007199254740993u, "'step'");
  expect_damaged("/sequence", 18446744073709551615u, "'sequence'");
  expect_damaged("/pass_loss_sum", nullptr, "'pass_loss_sum'");
  expect_damaged("/pass_loss_sum", 1e301, "'pass_loss_sum'");
  expect_damaged("/spent/train/joules", nullptr, "'spent.train.joules'");
  expect_damaged("/budget/mean_seconds", nullptr, "'budget.mean_seconds'");
  expect_damaged("/budget/decisions/0/spent/joules", nullptr, "'budget.decisions.spent.joules'");
  expect_damaged("/metrics/0/evaluation/kept/accuracy", 1.5, "'metrics.evaluation.kept.accuracy'");
  expect_damaged("/metrics/0/evaluation/kept/accuracy", nullptr, "accuracy'");
  expect_damaged("/label_noise/share", -0.1, "'label_noise.share'");
  expect_damaged("/label_noise/standard_error", 2, "'label_noise.standard_error'");
  expect_damaged("/num_samples", 0, "'num_samples'");
  expect_damaged("/batch", 151, "'batch'");
  expect_damaged("/pass_samples", 302, "'pass_samples'");
}

TEST(RunState, NamesWhatDoesNotGoTogether) {
  expect_damaged("/step", 1001, "'step'");
  expect_damaged("/warmup_iterations", 1001, "'warmup_iterations'");
  expect_damaged("/optimizer_step", 1001, "'optimizer_step'");
  expect_damaged("/epoch", 24, "'epoch'");
  expect_damaged("/batch", 24, "'batch'");
  expect_damaged("/batch", 0, "'pass_samples'");
  expect_damaged("/pass_samples", 2, "'pass_samples'");
  expect_damaged("/phase", "score", "'warmup_iterations'");
  expect_damaged("/phase", "select", "'step'");
  expect_damaged("/phase", "done", "'step'");
  json state = json::parse(to_json(some_state()));
  state["budget"]["is_stretched"] = true;
  const auto expect_stretch_damaged = [&](json horizon, const std::string& field) {
    json changed = state;
    changed["budget"].update(horizon);
    expect_error(ErrorKind::data, {"damaged", field},
                 [&] { (void)parse_run_state(changed.dump(), "file"); });
  };
  expect_stretch_damaged({{"horizon_from", 24}, {"horizon_steps", 9}}, "'budget.horizon_from'");
  expect_stretch_damaged({{"horizon_from", 20}, {"horizon_steps", 2}}, "'budget.horizon_steps'");
  expect_stretch_damaged({{"horizon_from", 20}, {"horizon_steps", 9}, {"horizon_position", -1}},
                         "'budget.horizon_position'");
  state["budget"].update({{"horizon_from", 20}, {"horizon_steps", 3}, {"horizon_position", 1}});
  (void)parse_run_state(state.dump(), "file");
}

TEST(RunState, MissesEveryField) {
  const json whole = json::parse(to_json(some_state()));
  for (const auto& [name, value] : whole.items()) {
    if (name == "version") continue;  // for people
    SCOPED_TRACE(name);
    json state = whole;
    state.erase(name);
    EXPECT_THROW((void)parse_run_state(state.dump(), "file"), core::Error);
  }
}

TEST(RunState, IsNoDeeperThanItIsWritten) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  expect_error(ErrorKind::data, {"file", "nested more than 8 deep"},
               [&] { (void)parse_run_state(deep, "file"); });
  expect_error(ErrorKind::data, {"file", "not JSON"}, [&] { (void)parse_run_state("{", "file"); });
}

TEST(RunState, OfAnotherVersionIsRefusedWithThatVersion) {
  json state = json::parse(to_json(some_state()));
  state["format_version"] = 3;
  expect_error(ErrorKind::data, {"file", "another version of edgeprune"},
               [&] { (void)parse_run_state(state.dump(), "file"); });
}

TEST(Selection, HoldsSamplesThatThereAreOnceEach) {
  RunState state = some_state();
  require_selection(state, "file");
  state.kept = {1, 150};
  expect_error(ErrorKind::data, {"file", "150"}, [&] { require_selection(state, "file"); });
  state.kept = {7, 1, 7};
  expect_error(ErrorKind::data, {"file", "index 7"}, [&] { require_selection(state, "file"); });
  state.kept = {};
  expect_error(ErrorKind::data, {"file", "missing"}, [&] { require_selection(state, "file"); });
  state.phase = Phase::select;
  require_selection(state, "file");
}

}  // namespace
}  // namespace edgeprune::run
