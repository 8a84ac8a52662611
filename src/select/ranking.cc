// The best M of N scores without sorting and without keys in memory: a radix selection.
//
// Scores become 32-bit keys of the same order, made anew wherever they are needed. Counting the
// keys' upper halves finds the upper half of the M-th best key, counting the lower halves of those
// that share it finds the key itself. A last pass writes what lies above it, and of what equals it
// the first few. Each task counts its own range, so that its counts say where its indices go.

#include "edgeprune/select/ranking.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <functional>

namespace edgeprune::select {
namespace {

constexpr std::size_t kHalf = 1u << 16;  // values of half a key
using Counts = std::vector<std::uint32_t>;

// Larger keys are better. A float's bits become an integer of the same order by flipping all of a
// negative number's bits and the sign of others. Adding 0 makes -0 and +0 tie.
std::uint32_t rank_key(float score, Prefer prefer) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);
  const std::uint32_t ordered = bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
  return prefer == Prefer::highest ? ordered : ~ordered;
}

// What one task knows of its range of the samples. Ranges are as many as threads, for each has
// counts of all half keys: counts are whole numbers, and their sums the same however many there
// are.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  Counts upper = Counts(kHalf);  // of keys by their upper half
  Counts lower = Counts(kHalf);  // of keys with the threshold's upper half, by their lower half
  bool has_nan = false;
  std::uint32_t better = 0;  // keys above the threshold
  std::uint32_t ties = 0;    // keys equal to it, and then of these: taken
  std::uint32_t first = 0;   // place of its first index in the result
};

void count_upper(std::span<const float> scores, Prefer prefer, Range& range) {
  bool has_nan = false;
  std::uint32_t* counts = range.upper.data();
  for (std::size_t n = range.begin; n < range.end; ++n) {
    has_nan |= std::isnan(scores[n]);
    ++counts[rank_key(scores[n], prefer) >> 16];
  }
  range.has_nan = has_nan;
}

void count_lower(std::span<const float> scores, Prefer prefer, std::uint32_t upper, Range& range) {
  std::uint32_t* counts = range.lower.data();
  for (std::size_t n = range.begin; n < range.end; ++n) {
    const std::uint32_t key = rank_key(scores[n], prefer);
    if (key >> 16 == upper) ++counts[key % kHalf];
  }
}

// The half key at which, counted from the best, `wanted` keys are reached; `wanted` becomes how
// many of that one are needed, and every range's `better` grows by what lies above.
std::uint32_t threshold(std::vector<Range>& ranges, Counts Range::*counts, std::uint32_t& wanted) {
  for (std::uint32_t half = kHalf; half-- > 0;) {
    std::uint32_t here = 0;
    for (const Range& range : ranges) here += (range.*counts)[half];
    if (here >= wanted) return half;
    wanted -= here;
    for (Range& range : ranges) range.better += (range.*counts)[half];
  }
  throw core::Error(core::ErrorKind::internal, "fewer scores than counted");
}

// Deals out the ties, the smaller indices first, and the places in the result.
void share_out(std::vector<Range>& ranges, std::uint32_t lower, std::uint32_t ties) {
  std::uint32_t first = 0;
  for (Range& range : ranges) {
    range.ties = std::min(range.lower[lower], ties);
    range.first = first;
    ties -= range.ties;
    first += range.better + range.ties;
  }
}

// Always writes and moves on only behind an index that is kept: no branch to mispredict.
void write_kept(std::span<const float> scores, Prefer prefer, std::uint32_t key, const Range& range,
                std::vector<std::uint32_t>& kept) {
  std::uint32_t* out = kept.data() + range.first;
  const std::uint32_t* end = out + range.better + range.ties;
  auto n = static_cast<std::uint32_t>(range.begin);
  for (std::uint32_t ties = range.ties; ties > 0; ++n) {
    const std::uint32_t other = rank_key(scores[n], prefer);
    *out = n;
    out += other >= key;
    ties -= other == key;
  }
  for (; out < end; ++n) {
    *out = n;
    out += rank_key(scores[n], prefer) > key;
  }
}

void refuse_nan(std::span<const float> scores) {
  const auto nan =
      std::find_if(scores.begin(), scores.end(), [](float s) { return std::isnan(s); });
  throw core::Error(core::ErrorKind::numeric,
                    fmt::format("the score of sample {} is not a number; score again with a lower "
                                "learning rate",
                                nan - scores.begin()));
}

// Below so many scores, counts of all half keys cost more than the keys themselves.
constexpr std::size_t kFew = 4096;

std::vector<std::uint32_t> best_of_few(std::span<const float> scores, std::uint32_t count,
                                       Prefer prefer) {
  std::vector<std::uint64_t> keys(scores.size());
  for (std::uint32_t n = 0; n < keys.size(); ++n) {
    if (std::isnan(scores[n])) refuse_nan(scores);
    keys[n] = std::uint64_t{rank_key(scores[n], prefer)} << 32 | ~n;
  }
  std::nth_element(keys.begin(), keys.begin() + count, keys.end(), std::greater<>());
  std::vector<std::uint32_t> kept(count);
  for (std::uint32_t i = 0; i < count; ++i) kept[i] = ~static_cast<std::uint32_t>(keys[i]);
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace

std::vector<std::uint32_t> best_samples(std::span<const float> scores, std::uint32_t count,
                                        Prefer prefer, core::ThreadPool* pool) {
  if (count > scores.size()) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("{} of {} samples wanted", count, scores.size()));
  }
  if (pool == nullptr && scores.size() < kFew) return best_of_few(scores, count, prefer);
  core::ThreadPool single(1);
  core::ThreadPool& threads = pool != nullptr ? *pool : single;
  const core::TaskCut cut =
      core::cut_into_tasks(scores.size(), 1, static_cast<std::size_t>(threads.size()));
  std::vector<Range> ranges(std::max<std::size_t>(cut.num_tasks, 1));
  threads.for_tasks(cut, [&](const core::Task& task) {
    Range& range = ranges[task.index];
    range.begin = task.begin;
    range.end = task.end;
    count_upper(scores, prefer, range);
  });
  if (std::any_of(ranges.begin(), ranges.end(), [](const Range& r) { return r.has_nan; })) {
    refuse_nan(scores);
  }
  if (count == 0) return {};

  const auto on_ranges = [&](const auto& body) {
    threads.for_tasks(cut, [&](const core::Task& task) { body(ranges[task.index]); });
  };
  std::uint32_t wanted = count;
  const std::uint32_t upper = threshold(ranges, &Range::upper, wanted);
  on_ranges([&](Range& range) { count_lower(scores, prefer, upper, range); });
  const std::uint32_t lower = threshold(ranges, &Range::lower, wanted);
  share_out(ranges, lower, wanted);
  std::vector<std::uint32_t> kept(count);
  on_ranges(
      [&](const Range& range) { write_kept(scores, prefer, upper << 16 | lower, range, kept); });
  return kept;
}

}  // namespace edgeprune::select
