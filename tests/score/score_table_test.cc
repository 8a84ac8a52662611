#include "edgeprune/core/error.h"
#include "edgeprune/score/scores.h"

#include "support/expect_error.h"
#include "warmup_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>

namespace edgeprune::score {
namespace {

using core::ErrorKind;
using testing::expect_error;
using Samples = std::vector<std::uint32_t>;

std::size_t bytes_of(const decltype(core::NamedArray::values)& values) {
  return std::visit([](const auto& span) { return span.size_bytes(); }, values);
}

void observe_losses(ScoreTable& table, const Samples& samples, const std::vector<float>& losses) {
  table.observe({.samples = samples, .losses = losses});
}

TEST(Scores, EveryRowSaysWhatItIs) {
  std::set<std::string_view> names;
  for (const ScoreKind& kind : scores()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.formula.empty()) << kind.name;
    EXPECT_FALSE(kind.source.empty()) << kind.name;
    EXPECT_TRUE(kind.needs.losses || kind.needs.logits || kind.needs.probabilities) << kind.name;
    EXPECT_EQ(&score_named(kind.name), &kind);
  }
  EXPECT_EQ(names.size(), 11u);
}

TEST(Scores, AnUnknownNameIsAnErrorThatListsTheKnownOnes) {
  expect_error(ErrorKind::config,
               {"the score is \"el3n\"", "loss, el2n, aum", "grand", "did you mean el2n?"},
               [] { (void)score_named("el3n"); });
}

// The largest loss of all visits.
class Surprise final : public Score {
 public:
  explicit Surprise(const ScoreSize& size) : largest_(size.num_samples) {}
  void observe(const Observation& batch) override {
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      float& largest = largest_[batch.samples[i]];
      largest = std::max(largest, batch.losses[i]);
    }
  }
  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t>) const override {
    return largest_;
  }
  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"largest", std::span(largest_)}};
  }

 private:
  std::vector<float> largest_;
};

ScoreKind surprise() {
  return {.name = "surprise",
          .needs = {.losses = true},
          .bytes_per_sample = [](const ScoreSize&) { return sizeof(float); },
          .make = [](const ScoreSize& size) { return std::make_unique<Surprise>(size); }};
}

TEST(ScoreTable, GathersAScoreOfOnesOwnBesideOurs) {
  ScoreCatalogue with_mine = scores();
  with_mine.add(surprise());
  ScoreTable table({"loss", "surprise"}, {.num_samples = 2}, with_mine);
  observe_losses(table, {0, 1, 0, 1}, {1, 5, 3, 3});
  EXPECT_EQ(table.column("loss"), (std::vector<float>{2, 4}));
  EXPECT_EQ(table.column("surprise"), (std::vector<float>{3, 5}));
  EXPECT_EQ(table.bytes_per_sample(), 4u + 8 + 4);
  EXPECT_EQ(table.state().back().name, "score.surprise.largest");
}

TEST(ScoreTable, AScoreOfOnesOwnIsUnknownWhereItWasNotAdded) {
  expect_error(ErrorKind::config, {"the score is \"surprise\"", "loss, el2n"},
               [] { ScoreTable({"surprise"}, {.num_samples = 2}); });
}

TEST(ScoreTable, ARowThatMakesNothingIsAnInternalError) {
  ScoreCatalogue with_mine = scores();
  with_mine.add({.name = "idle", .needs = {.losses = true}});
  expect_error(ErrorKind::internal, {"idle"},
               [&] { ScoreTable({"idle"}, {.num_samples = 2}, with_mine); });
}

TEST(ScoreTable, FeedsAllColumnsAtOnce) {
  const ScoreSize size{.num_samples = 8, .num_classes = 3, .passes = 4};
  const Log log = random_log(size, 1);
  ScoreTable table(names_of_all_scores(), size);
  for (const Batch& batch : log) table.observe(batch.observation());
  for (const std::string& name : table.columns()) {
    EXPECT_EQ(table.column(name), column_after(name, size, log)) << name;
  }
}

TEST(ScoreTable, NeedsWhatItsColumnsNeed) {
  const ScoreSize size{.num_samples = 1, .num_classes = 2};
  const ScoreNeeds loss = ScoreTable({"loss"}, size).needs();
  EXPECT_TRUE(loss.losses);
  EXPECT_FALSE(loss.logits || loss.probabilities || loss.features);
  const ScoreNeeds both = ScoreTable({"aum", "grand"}, size).needs();
  EXPECT_TRUE(both.logits && both.probabilities && both.features);
  EXPECT_FALSE(both.losses);
}

TEST(ScoreTable, ANameGivenTwiceIsOneColumn) {
  const ScoreTable table({"loss", "el2n", "loss"}, {.num_samples = 1, .num_classes = 2});
  EXPECT_EQ(table.columns(), (std::vector<std::string>{"loss", "el2n"}));
}

TEST(ScoreTable, ListsUnseenSamplesInOrder) {
  ScoreTable table({"loss"}, {.num_samples = 5});
  EXPECT_EQ(table.unseen(), (Samples{0, 1, 2, 3, 4}));
  observe_losses(table, {3, 1}, {1, 1});
  EXPECT_EQ(table.unseen(), (Samples{0, 2, 4}));
  observe_losses(table, {0, 2, 4}, {1, 1, 1});
  EXPECT_TRUE(table.unseen().empty());
}

TEST(ScoreTable, AnUnseenSampleHasNoScore) {
  ScoreTable table({"loss"}, {.num_samples = 2});
  observe_losses(table, {0}, {1});
  expect_error(ErrorKind::internal, {"sample 1"}, [&] { (void)table.column("loss"); });
}

TEST(ScoreTable, AColumnThatIsNotThereIsAnError) {
  ScoreTable table({"loss"}, {.num_samples = 1});
  observe_losses(table, {0}, {1});
  expect_error(ErrorKind::internal, {"el2n"}, [&] { (void)table.column("el2n"); });
}

TEST(ScoreTable, RefusesAScoreThatComparesMorePassesThanThereAre) {
  const auto make = [](const std::string& name, std::uint32_t passes) {
    return ScoreTable({"loss", name}, {.num_samples = 4, .num_classes = 2, .passes = passes});
  };
  for (const std::string name : {"dyn_unc", "dual", "tdds"}) {
    expect_error(ErrorKind::config, {name, "needs 3", "makes 2", "lengthen the warm-up"},
                 [&] { (void)make(name, 2); });
    EXPECT_NO_THROW((void)make(name, 3));
  }
  expect_error(ErrorKind::config, {"forgetting", "needs 2", "makes 1", "lengthen the warm-up"},
               [&] { (void)make("forgetting", 1); });
  EXPECT_NO_THROW((void)make("forgetting", 2));
}

TEST(ScoreTable, RefusesAScoreThatComparesClassesWhereThereIsOne) {
  expect_error(ErrorKind::config, {"el2n", "have 1", "use loss"},
               [] { ScoreTable({"el2n"}, {.num_samples = 4, .num_classes = 1}); });
  EXPECT_NO_THROW(ScoreTable({"loss"}, {.num_samples = 4, .num_classes = 1}));
}

TEST(ScoreTable, ANumberThatIsNotFiniteIsAnErrorThatNamesTheSample) {
  struct Case {
    std::string score;
    std::string what;
    std::vector<float> Batch::*values;
  };
  for (const Case& bad : {Case{"loss", "loss", &Batch::losses},
                          {"aum", "logit", &Batch::logits},
                          {"el2n", "probability", &Batch::probabilities},
                          {"grand", "feature", &Batch::features}}) {
    for (const float value :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      Batch batch;
      for (const std::uint32_t n : {3u, 17u, 4u}) append(batch, n, 1, {1, 2}, {1, 2});
      auto& values = batch.*bad.values;
      values[values.size() / 3 * 2 - 1] = value;  // the last of the second sample
      ScoreTable table({bad.score}, {.num_samples = 20, .num_classes = 2});
      expect_error(ErrorKind::numeric, {"the " + bad.what + " of sample 17", "learning rate"},
                   [&] { table.observe(batch.observation()); });
      EXPECT_EQ(table.unseen().size(), 20u) << "the batch was taken in part";
    }
  }
}

TEST(ScoreTable, DoesNotCheckLossesAgainThatComeAsFinite) {
  ScoreTable table({"loss"}, {.num_samples = 1});
  const Samples samples = {0};
  const std::vector<float> nan = {std::numeric_limits<float>::quiet_NaN()};
  EXPECT_NO_THROW(table.observe({.samples = samples, .losses = nan, .losses_are_finite = true}));
}

TEST(FinishedScores, AreTheColumnsInOrderAndTurnedWhereLowIsHard) {
  const ScoreSize size{.num_samples = 8, .num_classes = 3, .passes = 4};
  ScoreTable table(names_of_all_scores(), size);
  for (const Batch& batch : random_log(size, 1)) table.observe(batch.observation());
  const Scores scores = table.finish();
  ASSERT_EQ(scores.columns().size(), table.columns().size());
  for (std::size_t c = 0; c < scores.columns().size(); ++c) {
    const Scores::Column& column = scores.columns()[c];
    EXPECT_EQ(column.name, table.columns()[c]);
    EXPECT_EQ(column.values, table.column(column.name)) << column.name;
    EXPECT_TRUE(std::ranges::equal(scores.column(column.name), column.values)) << column.name;
    const float sign = score_named(column.name).hard == HardEnd::low ? -1 : 1;
    const std::vector<float> hardness = scores.hardness(column.name);
    for (std::size_t n = 0; n < size.num_samples; ++n) {
      EXPECT_EQ(hardness[n], sign * column.values[n]) << column.name;
    }
  }
  expect_error(ErrorKind::internal, {"el3n"}, [&] { (void)scores.column("el3n"); });
}

TEST(FinishedScores, AreNoneWhileASampleIsUnseen) {
  ScoreTable table({"loss"}, {.num_samples = 2});
  observe_losses(table, {0}, {1});
  expect_error(ErrorKind::internal, {"sample 1"}, [&] { (void)table.finish(); });
}

TEST(ScoreTable, ReadsOnlyWhatItNeeds) {
  ScoreTable table({"loss"}, {.num_samples = 1, .num_classes = 2});
  const std::vector<float> nan = {std::numeric_limits<float>::quiet_NaN()};
  const Samples samples = {0};
  const std::vector<float> losses = {1};
  table.observe({.samples = samples, .losses = losses, .logits = nan, .features = nan});
  EXPECT_EQ(table.column("loss"), losses);
}

TEST(ScoreTable, ABatchThatDoesNotFitIsAnInternalError) {
  const auto expect_broken = [](const std::string& score, const std::string& what, auto&& spoil) {
    Batch batch;
    for (const std::uint32_t n : {0u, 1u}) append(batch, n, 1, {1, 2}, {1, 2});
    spoil(batch);
    ScoreTable table({score}, {.num_samples = 2, .num_classes = 2});
    expect_error(ErrorKind::internal, {what}, [&] { table.observe(batch.observation()); });
  };
  expect_broken("loss", "sample 2 of 2", [](Batch& batch) { batch.samples[1] = 2; });
  expect_broken("loss", "1 losses", [](Batch& batch) { batch.losses.pop_back(); });
  expect_broken("aum", "3 logits", [](Batch& batch) { batch.logits.pop_back(); });
  expect_broken("el2n", "3 probabilities", [](Batch& batch) { batch.probabilities.pop_back(); });
  expect_broken("grand", "3 features", [](Batch& batch) { batch.features.pop_back(); });
  expect_broken("grand", "no features", [](Batch& batch) { batch.features.clear(); });
  expect_broken("el2n", "1 labels", [](Batch& batch) { batch.labels.pop_back(); });
  expect_broken("el2n", "label 2 of 2", [](Batch& batch) { batch.labels[0] = 2; });
  expect_broken("el2n", "label -1 of 2", [](Batch& batch) { batch.labels[0] = -1; });
}

TEST(ScoreTable, TakesAnEmptyBatchForNothing) {
  const ScoreSize size{
      .num_samples = 2, .num_classes = 2, .passes = 3, .loss_mode = LossScoreMode::detrended};
  ScoreTable table(names_of_all_scores(), size);
  table.observe({});
  EXPECT_EQ(table.unseen().size(), 2u);
}

TEST(ScoreTable, BytesPerSampleAreThoseThatItsStateHolds) {
  for (const std::uint32_t passes : {3u, 7u, 10u, 40u}) {
    const ScoreSize size{.num_samples = 50, .num_classes = 7, .passes = passes};
    for (const ScoreKind& kind : scores()) {
      ScoreTable table({std::string(kind.name)}, size);
      std::size_t held = 0;
      for (const auto& array : table.state()) held += bytes_of(array.values);
      EXPECT_EQ(table.bytes_per_sample() * size.num_samples, held) << kind.name;
      EXPECT_EQ(table.bytes_per_sample(), kind.bytes_per_sample(size) + 4) << kind.name;
    }
  }
}

TEST(ScoreTable, KeepsToItsBudgetOfBytes) {
  const ScoreSize size{.num_samples = 1, .num_classes = 10, .passes = 10};
  EXPECT_LE(ScoreTable({"loss"}, size).bytes_per_sample(), 16u);
  EXPECT_LE(
      ScoreTable({"loss", "el2n", "aum", "margin", "entropy", "grand", "confidence", "forgetting"},
                 size)
          .bytes_per_sample(),
      64u);
  EXPECT_EQ(ScoreTable({"dual"}, size).bytes_per_sample(), 4u + 4 * 10 + 12);
  EXPECT_EQ(ScoreTable({"tdds"}, size).bytes_per_sample(), 4u + 4 * 10 + 4 * 9 + 12);
}

TEST(ScoreTable, StateIsNamedByColumnAndArray) {
  ScoreTable table({"loss", "tdds"}, {.num_samples = 2, .num_classes = 2, .passes = 3});
  std::vector<std::string> names;
  for (const auto& array : table.state()) names.push_back(array.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"score.visits", "score.loss.sums", "score.tdds.before",
                                      "score.tdds.window", "score.tdds.sums", "score.tdds.seen"}));
}

void copy_state(ScoreTable& from, ScoreTable& to) {
  const auto source = from.state();
  const auto target = to.state();
  ASSERT_EQ(source.size(), target.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    ASSERT_EQ(source[i].name, target[i].name);
    std::visit(
        [&](auto values) {
          const auto into = std::get<decltype(values)>(target[i].values);
          ASSERT_EQ(values.size(), into.size());
          std::ranges::copy(values, into.begin());
        },
        source[i].values);
  }
}

TEST(ScoreTable, InterruptedAnywhereEndsWithTheBitsOfAnUninterruptedOne) {
  for (const LossScoreMode mode : {LossScoreMode::observed, LossScoreMode::detrended}) {
    const ScoreSize size{.num_samples = 9, .num_classes = 3, .passes = 12, .loss_mode = mode};
    const auto names = names_of_all_scores();
    const Log log = random_log(size, 2);
    ScoreTable whole(names, size);
    for (const Batch& batch : log) whole.observe(batch.observation());
    for (std::size_t stop = 0; stop <= log.size(); ++stop) {
      ScoreTable first(names, size);
      for (std::size_t b = 0; b < stop; ++b) first.observe(log[b].observation());
      ScoreTable resumed(names, size);
      copy_state(first, resumed);
      EXPECT_EQ(resumed.unseen(), first.unseen());
      for (std::size_t b = stop; b < log.size(); ++b) resumed.observe(log[b].observation());
      for (const std::string& name : names) {
        ASSERT_EQ(resumed.column(name), whole.column(name)) << name << " stopped at " << stop;
      }
    }
  }
}

}  // namespace
}  // namespace edgeprune::score
