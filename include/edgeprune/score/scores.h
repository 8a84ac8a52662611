#pragma once
// Every score by name, as rows of one catalogue, and the columns of a warm-up.
//
//   ScoreTable table({"loss", "el2n"}, {.num_samples = 3333, .num_classes = 10, .passes = 1});
//   table.observe(batch);
//   std::vector<float> losses = table.column("loss");
//
// One warm-up feeds all columns at once. A score of one's own is a row added to a copy of ours:
//
//   ScoreCatalogue with_mine = scores();
//   with_mine.add({.name = "surprise",
//                  .formula = "the largest -log p_y of all visits",
//                  .needs = {.losses = true},
//                  .make = [](const ScoreSize& size) { return std::make_unique<Surprise>(size);
//                  }});
//   ScoreTable table({"surprise"}, size, with_mine);

#include "edgeprune/core/catalogue.h"
#include "edgeprune/score/score.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::score {

/// What of an Observation a score reads besides samples. Whoever reads logits or probabilities
/// reads labels too.
struct ScoreNeeds {
  bool losses = false;
  bool logits = false;
  bool probabilities = false;
  bool features = false;
};

/// Which end of a score is the hard one: the end that the strategy `top` keeps.
enum class HardEnd { high, low };
/// "high", "low".
[[nodiscard]] std::string_view name_of(HardEnd hard);
/// The values of a score with this hard end, turned so that high = hard.
[[nodiscard]] std::vector<float> hardness_of(std::span<const float> values, HardEnd hard);

struct ScoreKind {
  static constexpr std::string_view kCalled = "score";

  std::string name;
  std::string formula;
  std::string source;
  HardEnd hard = HardEnd::high;
  std::uint32_t min_passes = 1;
  ScoreNeeds needs;
  /// Without the visits, which all share: a run predicts its memory from it. One sum, unless said.
  std::function<std::size_t(const ScoreSize&)> bytes_per_sample = [](const ScoreSize&) {
    return sizeof(double);
  };
  std::function<std::unique_ptr<Score>(const ScoreSize&)> make;

  [[nodiscard]] bool has_enough_passes(const ScoreSize& size) const {
    return size.passes >= min_passes;
  }
};

using ScoreCatalogue = core::Catalogue<ScoreKind>;

/// Those that come with edgeprune (src/score/scores.cc).
[[nodiscard]] const ScoreCatalogue& scores();
/// One of ours.
[[nodiscard]] inline const ScoreKind& score_named(std::string_view name) {
  return scores().named(name);
}

/// What a warm-up came to, every column made once for all who read it.
class Scores {
 public:
  struct Column {
    std::string name;
    HardEnd hard = HardEnd::high;
    std::vector<float> values;  // one per sample
  };
  explicit Scores(std::vector<Column> columns) : columns_(std::move(columns)) {}

  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  /// As the score's page defines it. An internal Error if there is no such column.
  [[nodiscard]] std::span<const float> column(std::string_view name) const;
  /// Turned so that high = hard.
  [[nodiscard]] std::vector<float> hardness(std::string_view name) const;

 private:
  [[nodiscard]] const Column& named(std::string_view name) const;

  std::vector<Column> columns_;
};

class ScoreTable {
 public:
  /// Columns are rows of the catalogue, which must outlive the table. Scores that compare passes
  /// refuse fewer than they need, and scores that compare classes fewer than two: an Error of kind
  /// config that names the score, what it needs and what there is. A name given twice is one
  /// column.
  ScoreTable(const std::vector<std::string>& columns, const ScoreSize& size,
             const ScoreCatalogue& catalogue = scores());

  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  /// Of all columns together.
  [[nodiscard]] const ScoreNeeds& needs() const { return needs_; }
  /// Of all columns and the visits: 12 for `loss` alone.
  [[nodiscard]] std::size_t bytes_per_sample() const;

  /// Feeds one batch to every column. A number that is needed and not finite is an Error of kind
  /// numeric naming the sample: a ranking made of it would be silently wrong; losses that come as
  /// finite are not checked again. A sample or label out of range or spans of other lengths are
  /// internal Errors. After an Error nothing has changed.
  void observe(const Observation& batch);

  /// Samples no batch has drawn yet, ascending.
  [[nodiscard]] std::vector<std::uint32_t> unseen() const;

  /// One value per sample. An internal Error if a sample is unseen (score those by a forward pass
  /// first, docs/method.md) or there is no such column.
  [[nodiscard]] std::vector<float> column(std::string_view name) const;
  /// All columns, once the warm-up is over. Errors as column().
  [[nodiscard]] Scores finish() const;

  /// Everything that a checkpoint must hold, under names such as "score.visits",
  /// "score.loss.sums".
  [[nodiscard]] std::vector<core::NamedArray> state();

 private:
  std::vector<std::string> columns_;
  ScoreSize size_;
  ScoreNeeds needs_;
  std::vector<std::uint32_t> visits_;
  std::vector<const ScoreKind*> kinds_;         // one per column
  std::vector<std::unique_ptr<Score>> scores_;  // likewise
};

}  // namespace edgeprune::score
