// Runs with a budget, made again from their log.

#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/pipeline.h"

#include "simulated_device.h"
#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <utility>

namespace edgeprune::run::replay_test {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

using Overrides = std::vector<std::string>;

Overrides with(Overrides overrides, const Overrides& more) {
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

// 8 warm-up steps, then 12 epochs of at most 17 steps.
const Overrides kShort = {"train.batch_size=4",     "train.epochs=12", "model.network=mlp",
                          "model.hidden_sizes=[4]", "run.threads=1",   "score.warmup_iterations=8",
                          "prune.keep_ratio=0.45"};

std::filesystem::path log_of(const config::Config& config) {
  return std::filesystem::path(config.run.directory) / kDecisionsFile;
}

Overrides replaying(const Overrides& overrides, const config::Config& first) {
  return with(overrides, {"budget.replay=" + log_of(first).string()});
}

std::vector<json> lines_of(const config::Config& config, std::string_view file) {
  std::istringstream lines(run_file(config, file));
  std::vector<json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

// All that a line of metrics.jsonl says but for what was measured.
std::vector<json> metrics_of(const config::Config& config) {
  std::vector<json> lines = lines_of(config, kMetricsFile);
  for (json& line : lines) line.erase("time");
  return lines;
}

bool has_same_bits(const config::Config& a, const config::Config& b) {
  bool is_same = metrics_of(a) == metrics_of(b);
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    const bool is_there = std::filesystem::exists(std::filesystem::path(a.run.directory) / file);
    if (is_there) is_same = is_same && run_file(a, file) == run_file(b, file);
  }
  return is_same;
}

// A device whose steps scatter, and that raises a flag or is killed after so much work: in the
// midst of a pass, or between the two halves of an evaluation.
struct NoisyDevice final : budget::UsageMeter {
  explicit NoisyDevice(std::uint32_t noise_seed) : seed(noise_seed) {
    inner.step_seconds = [this](std::uint64_t step) {
      core::RandomStream draws({.seed = seed, .index = static_cast<std::uint32_t>(step)});
      const double odd = draws.below(20) == 0 ? 6 : 1;
      return odd * (0.5 + draws.below(1000) / 1000.0);
    };
  }
  core::Usage total() override { return inner.total(); }
  [[nodiscard]] bool has_meter() const override { return true; }
  void worked(budget::Work work, std::uint64_t samples) override {
    inner.worked(work, samples);
    if (left == 0 || --left > 0) return;
    if (kills) throw core::Error(ErrorKind::internal, "killed");
    stop.store(true);
  }
  void wait(double seconds) override { inner.wait(seconds); }

  SimulatedDevice inner;
  std::uint32_t seed;
  std::uint64_t left = 0;  // 0: for ever
  bool kills = false;
  std::atomic<bool> stop{false};
};

// Runs to the end over interruptions, each after so much work of its own.
void run_interrupted(const config::Config& config, std::uint32_t seed,
                     const std::vector<std::pair<std::uint64_t, bool>>& interruptions) {
  (void)prepare_run_directory(config::resolve(config), false);
  for (const auto& [work, kills] : interruptions) {
    NoisyDevice device(++seed);
    device.left = work;
    device.kills = kills;
    try {
      (void)run_pipeline(config::resolve(config), {.stop = &device.stop, .spending = &device});
    } catch (const core::Error& error) {
      if (error.kind() != ErrorKind::internal && error.kind() != ErrorKind::interrupted) throw;
    }
  }
  NoisyDevice last(++seed);
  (void)run_pipeline(config::resolve(config), {.spending = &last});
}

std::vector<std::pair<std::uint64_t, bool>> some_interruptions() {
  std::vector<std::pair<std::uint64_t, bool>> all;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    all.emplace_back(*rc::gen::inRange<std::uint64_t>(1, 120), *rc::gen::arbitrary<bool>());
  }
  return all;
}

TEST(Replay, HasTheBitsOfItsRunWhateverEitherMeasuresAndHoweverOftenTheyStop) {
  const SmallRun data;
  int number = 0;
  constexpr int kCases = 30;  // each is three runs that sync every step
  EXPECT_TRUE(rc::check("any budget, way to shrink, strategy and interruptions", [&] {
    if (number == kCases) return;
    const std::string name = std::to_string(++number);
    const auto file = data.directory() / (name + ".toml");
    std::ofstream(file) << "joules = " << *rc::gen::inRange(400, 900)
                        << "\nharvest = [[0, 1.0], [100, " << *rc::gen::inRange(0, 4) << "]]\n";
    const std::string seconds = "budget.seconds=" + std::to_string(*rc::gen::inRange(140, 260));
    const Overrides limits = *rc::gen::elementOf(std::vector<Overrides>{
        {seconds}, {"budget.file=" + file.string()}, {"budget.samples=800", seconds}});
    const Overrides overrides = with(
        with(kShort, limits),
        {std::string("budget.shrink=") + *rc::gen::element<std::string>("share", "share", "epochs"),
         std::string("prune.strategy=") +
             *rc::gen::element<std::string>("top", "random", "rs2", "infobatch"),
         std::string("train.evaluate_every_epochs=") + *rc::gen::element<std::string>("1", "3"),
         std::string("run.checkpoint_seconds=") + *rc::gen::element<std::string>("0", "1000")});
    const auto seed = *rc::gen::inRange(0u, 1u << 30);
    const config::Config first = data.config(name, overrides);
    try {
      run_interrupted(first, seed, some_interruptions());
    } catch (const core::Error& error) {
      if (error.kind() == ErrorKind::budget) return;  // one too small to finish with
      throw;
    }
    const config::Config again = data.config(name + "-again", replaying(overrides, first));
    run_interrupted(again, seed + 1000, some_interruptions());
    RC_ASSERT(has_same_bits(first, again));
    const config::Config third = data.config(name + "-third", replaying(overrides, again));
    run_interrupted(third, seed + 2000, {});
    RC_ASSERT(has_same_bits(first, third));
    for (const config::Config& made : {first, again, third}) {
      std::filesystem::remove_all(made.run.directory);
    }
  }));
}

// Everything that summary.json says but for what was measured.
json counts_of(const config::Config& config) {
  const json summary = json::parse(run_file(config, kSummaryFile));
  return {summary["samples"], summary["flops"], summary["iterations"]};
}

TEST(ForwardPasses, AreCountedTheSameHoweverOftenARunStops) {
  const SmallRun data;
  // With room for everything, no budget at all, scores by forward passes, and a selection by them.
  const std::vector<Overrides> kinds = {{"budget.seconds=100000"},
                                        {},
                                        {"score.mode=evaluations", "score.evaluations=3"},
                                        {"prune.strategy=k_center"},
                                        {"prune.strategy=infobatch"}};
  int number = 0;
  for (const Overrides& kind : kinds) {
    SCOPED_TRACE(++number);
    const Overrides overrides =
        with(kShort, with({"train.epochs=3", "run.checkpoint_seconds=0"}, kind));
    const config::Config whole = data.config(std::to_string(number), overrides);
    run_interrupted(whole, 1, {});
    // Each evaluation has two halves; the work after which a run stops walks over all of it.
    for (std::uint64_t work = 1; work <= 64; work += 9) {
      for (const bool kills : {false, true}) {
        SCOPED_TRACE(work);
        const config::Config stopped = data.config("stopped", overrides);
        run_interrupted(stopped, 1, {{work, kills}, {2, kills}});
        EXPECT_EQ(counts_of(stopped), counts_of(whole));
        EXPECT_TRUE(has_same_bits(stopped, whole));
        std::filesystem::remove_all(stopped.run.directory);
      }
    }
  }
}

// A run with a log of some dozen decisions.
config::Config logged_run(const SmallRun& data, const Overrides& overrides) {
  const config::Config config = data.config("first", overrides);
  NoisyDevice device(3);
  (void)SmallRun::run(config, {.spending = &device});
  return config;
}

const Overrides kShared = with(kShort, {"budget.seconds=120", "budget.shrink=share"});

TEST(Replay, SaysAfterWhichBatchEachDecisionHolds) {
  const SmallRun data;
  const config::Config first = logged_run(data, kShared);
  int within_pass = 0;
  int compared = 0;
  std::uint64_t begun_at = 0;
  std::uint32_t begun = 1;  // the epoch whose first step is known
  for (const json& line : lines_of(first, kDecisionsFile)) {
    if (line["epoch"] == begun) {
      EXPECT_EQ(line["batch"], line["step"].get<std::uint64_t>() - begun_at) << line;
      ++compared;
    }
    EXPECT_EQ(line["pass_ended"], line["why"].get<std::string>().starts_with("a pass has ended"));
    within_pass += line["pass_ended"] == false ? 1 : 0;
    if (line["pass_ended"] != true) continue;
    begun_at = line["step"];
    begun = line["epoch"].get<std::uint32_t>() + 1;
  }
  EXPECT_GE(within_pass, 2);
  EXPECT_GE(compared, 3);
}

// What every line of a log is made into; nothing: left out.
using EditLine = std::function<std::optional<json>(json)>;

std::filesystem::path edited_log(const SmallRun& data, const config::Config& first,
                                 const EditLine& edit) {
  const auto path = data.directory() / "edited.jsonl";
  std::ofstream file(path);
  for (const json& line : lines_of(first, kDecisionsFile)) {
    if (const std::optional<json> edited = edit(line)) file << edited->dump() << "\n";
  }
  return path;
}

TEST(Replay, TakesALogOfAnOlderVersion) {
  const SmallRun data;
  const config::Config first = logged_run(data, kShared);
  const auto older = edited_log(data, first, [](json line) -> std::optional<json> {
    line.erase("batch");
    line.erase("pass_ended");
    return line;
  });
  const config::Config again =
      data.config("again", with(kShared, {"budget.replay=" + older.string()}));
  (void)SmallRun::run(again);
  EXPECT_TRUE(has_same_bits(first, again));
}

void expect_misfit(const SmallRun& data, const Overrides& overrides, const std::string& what) {
  const config::Config again = data.config("again", overrides);
  expect_error(ErrorKind::data, {".jsonl: ", what}, [&] { (void)SmallRun::run(again); });
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(again.run.directory) / kModelFile));
  std::filesystem::remove_all(again.run.directory);
}

TEST(Replay, OfALogThatDoesNotFitIsAnError) {
  const SmallRun data;
  const config::Config first = logged_run(data, kShared);
  const Overrides replayed = replaying(kShared, first);
  expect_misfit(data, with(replayed, {"budget.shrink=epochs"}), "decision ");
  expect_misfit(data, with(replayed, {"train.epochs=13"}), "decision ");
  expect_misfit(data, with(replayed, {"train.epochs=2"}), "decision");
  expect_misfit(data, with(replayed, {"prune.keep_ratio=0.3"}), "decision ");
  expect_misfit(data, with(replayed, {"train.batch_size=8"}), "decision ");

  const auto more = edited_log(data, first, [](json line) -> std::optional<json> { return line; });
  std::ofstream(more, std::ios::app)
      << R"({"kind":"decision","phase":"train","epoch":12,"step":5000,"steps_left":4,)"
         R"("evaluates":false})"
      << "\n";
  expect_misfit(data, with(kShared, {"budget.replay=" + more.string()}), "1 of its");

  int number = 0;
  const auto fewer = edited_log(data, first, [&](const json& line) -> std::optional<json> {
    if (++number == 4) return std::nullopt;
    return line;
  });
  expect_misfit(data, with(kShared, {"budget.replay=" + fewer.string()}), "decision ");
}

TEST(Replay, IsNotContinuedWithAnEditedLog) {
  const SmallRun data;
  const config::Config first = logged_run(data, kShared);
  const std::string log = core::read_file(log_of(first));
  for (const std::uint64_t work : {3u, 60u}) {  // in the warm-up, in training
    SCOPED_TRACE(work);
    const config::Config again =
        data.config("again" + std::to_string(work), replaying(kShared, first));
    NoisyDevice device(5);
    device.left = work;
    EXPECT_THROW((void)SmallRun::run(again, {.stop = &device.stop, .spending = &device}),
                 core::Error);
    std::ofstream(log_of(first), std::ios::app) << "\n";
    core::write_file_atomically(log_of(first),
                                log +
                                    R"({"kind":"decision","phase":"train","epoch":9,"step":99,)"
                                    R"("steps_left":1,"evaluates":false})" +
                                    "\n");
    expect_error(ErrorKind::run_directory, core::ErrorReason::run_unusable,
                 {again.run.directory, "decisions.jsonl", "edited", "undo"},
                 [&] { (void)run_pipeline(config::resolve(again), {}); });
    core::write_file_atomically(log_of(first), log);
    (void)run_pipeline(config::resolve(again), {});
    EXPECT_TRUE(has_same_bits(first, again));
  }
}

}  // namespace
}  // namespace edgeprune::run::replay_test
