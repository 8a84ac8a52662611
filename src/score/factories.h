#pragma once
// What the table's rows name: one page each, src/score/NAME.cc.

#include "edgeprune/score/score.h"

#include <cstddef>
#include <memory>

namespace edgeprune::score {

using ScorePointer = std::unique_ptr<Score>;

[[nodiscard]] ScorePointer make_loss(const ScoreSize& size);
[[nodiscard]] ScorePointer make_el2n(const ScoreSize& size);
[[nodiscard]] ScorePointer make_aum(const ScoreSize& size);
[[nodiscard]] ScorePointer make_margin(const ScoreSize& size);
[[nodiscard]] ScorePointer make_forgetting(const ScoreSize& size);
[[nodiscard]] ScorePointer make_entropy(const ScoreSize& size);
[[nodiscard]] ScorePointer make_confidence(const ScoreSize& size);
[[nodiscard]] ScorePointer make_dyn_unc(const ScoreSize& size);
[[nodiscard]] ScorePointer make_dual(const ScoreSize& size);
[[nodiscard]] ScorePointer make_tdds(const ScoreSize& size);
[[nodiscard]] ScorePointer make_grand(const ScoreSize& size);

[[nodiscard]] std::size_t tdds_bytes(const ScoreSize& size);

}  // namespace edgeprune::score
