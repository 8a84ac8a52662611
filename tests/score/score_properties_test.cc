// What holds for every score, on random logs that include probabilities of exactly 0 and 1.

#include "warmup_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

namespace edgeprune::score {
namespace {

struct Draw {
  ScoreSize size;
  std::uint64_t seed = 0;
  Log log;
};

Draw draw_log() {
  Draw draw;
  draw.size = {.num_samples = *rc::gen::inRange<std::uint32_t>(1, 20),
               .num_classes = *rc::gen::inRange<std::uint32_t>(2, 7),
               .passes = *rc::gen::inRange<std::uint32_t>(3, 14)};
  draw.seed = *rc::gen::arbitrary<std::uint32_t>();
  draw.log = random_log(draw.size, draw.seed);
  return draw;
}

ScoreTable table_after(const ScoreSize& size, const Log& log) {
  ScoreTable table(names_of_all_scores(), size);
  for (const Batch& batch : log) table.observe(batch.observation());
  return table;
}

template <typename T>
void append_rows(std::vector<T>& to, const std::vector<T>& from, std::size_t row,
                 std::size_t rows) {
  const std::size_t width = from.size() / rows;
  for (std::size_t k = 0; k < width; ++k) to.push_back(from[row * width + k]);
}

/// The batch's samples at these places, in this order.
Batch pick(const Batch& batch, const std::vector<std::uint32_t>& places) {
  Batch picked;
  const std::size_t rows = batch.samples.size();
  for (const std::uint32_t place : places) {
    append_rows(picked.samples, batch.samples, place, rows);
    append_rows(picked.losses, batch.losses, place, rows);
    append_rows(picked.labels, batch.labels, place, rows);
    append_rows(picked.logits, batch.logits, place, rows);
    append_rows(picked.probabilities, batch.probabilities, place, rows);
    append_rows(picked.features, batch.features, place, rows);
  }
  return picked;
}

std::vector<std::uint32_t> places_from(std::uint32_t first, std::uint32_t end) {
  std::vector<std::uint32_t> places(end - first);
  std::iota(places.begin(), places.end(), first);
  return places;
}

Log shuffled_within_batches(const Draw& draw) {
  Log log;
  for (const Batch& batch : draw.log) {
    const auto index = static_cast<std::uint32_t>(log.size());
    log.push_back(
        pick(batch, core::random_permutation(static_cast<std::uint32_t>(batch.samples.size()),
                                             {.seed = draw.seed, .epoch = 77, .index = index})));
  }
  return log;
}

RC_GTEST_PROP(ScoreProperty, TheOrderWithinABatchDoesNotMatter, ()) {
  const Draw draw = draw_log();
  const ScoreTable plain = table_after(draw.size, draw.log);
  const ScoreTable shuffled = table_after(draw.size, shuffled_within_batches(draw));
  for (const std::string& name : plain.columns()) {
    RC_ASSERT(plain.column(name) == shuffled.column(name));
  }
}

// The mean loss of a batch is a sum in batch order: equal but for its rounding, in double, and for
// the one of the result, in float.
RC_GTEST_PROP(ScoreProperty, TheOrderWithinABatchDoesNotMatterToDetrendedLosses, ()) {
  Draw draw = draw_log();
  draw.size.loss_mode = LossScoreMode::detrended;
  const auto plain = column_after("loss", draw.size, draw.log);
  const auto shuffled = column_after("loss", draw.size, shuffled_within_batches(draw));
  for (std::size_t n = 0; n < plain.size(); ++n) {
    RC_ASSERT(std::abs(plain[n] - shuffled[n]) <= 1e-6f * (1 + std::abs(plain[n])));
  }
}

RC_GTEST_PROP(ScoreProperty, ABatchMayComeInTwoParts, ()) {
  const Draw draw = draw_log();
  Log parts;
  for (const Batch& batch : draw.log) {
    const auto rows = static_cast<std::uint32_t>(batch.samples.size());
    const auto cut = *rc::gen::inRange<std::uint32_t>(0, rows + 1);
    parts.push_back(pick(batch, places_from(0, cut)));
    parts.push_back(pick(batch, places_from(cut, rows)));
  }
  const ScoreTable whole = table_after(draw.size, draw.log);
  const ScoreTable in_parts = table_after(draw.size, parts);
  for (const std::string& name : whole.columns()) {
    RC_ASSERT(whole.column(name) == in_parts.column(name));
  }
}

RC_GTEST_PROP(ScoreProperty, RenumberingSamplesRenumbersValues, ()) {
  Draw draw = draw_log();
  draw.size.loss_mode = *rc::gen::element(LossScoreMode::observed, LossScoreMode::detrended);
  const auto number = core::random_permutation(draw.size.num_samples, {.seed = draw.seed + 1});
  Log renumbered = draw.log;
  for (Batch& batch : renumbered) {
    for (std::uint32_t& sample : batch.samples) sample = number[sample];
  }
  const ScoreTable plain = table_after(draw.size, draw.log);
  const ScoreTable other = table_after(draw.size, renumbered);
  for (const std::string& name : plain.columns()) {
    const auto values = plain.column(name);
    const auto moved = other.column(name);
    for (std::uint32_t n = 0; n < draw.size.num_samples; ++n) {
      RC_ASSERT(moved[number[n]] == values[n]);
    }
  }
}

RC_GTEST_PROP(ScoreProperty, ValuesAreFiniteAndWithinTheirBounds, ()) {
  const Draw draw = draw_log();
  // Seen less often than promised, down to once: no score may turn NaN.
  const auto seen =
      *rc::gen::inRange<std::size_t>((draw.size.num_samples + 3) / 4, draw.log.size() + 1);
  const Log log(draw.log.begin(), draw.log.begin() + static_cast<std::ptrdiff_t>(seen));
  const ScoreTable table = table_after(draw.size, log);
  struct Bounds {
    std::string name;
    double least;
    double most;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  // The sample deviation of values in [0, 1] is largest for two, 0 and 1: sqrt(1/2).
  for (const Bounds& bounds : {Bounds{"loss", 0, infinity},
                               {"el2n", 0, std::sqrt(2.0)},
                               {"aum", -infinity, infinity},
                               {"margin", -1, 1},
                               {"forgetting", 0, static_cast<double>(draw.size.passes)},
                               {"entropy", 0, std::log(draw.size.num_classes)},
                               {"confidence", 0, 1},
                               {"dyn_unc", 0, std::sqrt(0.5)},
                               {"dual", 0, std::sqrt(0.5)},
                               {"tdds", 0, infinity},
                               {"grand", 0, 2}}) {
    for (const float value : table.column(bounds.name)) {
      RC_ASSERT(std::isfinite(value));
      RC_ASSERT(static_cast<double>(value) >= bounds.least - 1e-6);
      RC_ASSERT(static_cast<double>(value) <= bounds.most + 1e-6);
    }
  }
}

}  // namespace
}  // namespace edgeprune::score
