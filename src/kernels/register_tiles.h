#pragma once
// Sizes of register tiles as constants, so that their loops unroll.

#include <cstddef>

namespace edgeprune::kernels {

/// Calls body<n>() for 1 <= n <= kMax, nothing for 0.
template <std::size_t kMax, typename Body>
void with_constant(std::size_t n, Body&& body) {
  if (n == kMax) return body.template operator()<kMax>();
  if constexpr (kMax > 1) with_constant<kMax - 1>(n, body);
}

/// Calls tile<R>(first) for R rows from `first` on, until all of `count` are done: as many kTall
/// ones as fit, then kRows, then one with what is left.
template <std::size_t kTall, std::size_t kRows, typename Tile>
void for_row_tiles(std::size_t count, Tile&& tile) {
  static_assert(kTall >= kRows && kRows > 1);
  std::size_t r = 0;
  for (; r + kTall <= count; r += kTall) tile.template operator()<kTall>(r);
  for (; r + kRows <= count; r += kRows) tile.template operator()<kRows>(r);
  with_constant<kRows - 1>(count - r, [&]<std::size_t R>() { tile.template operator()<R>(r); });
}

}  // namespace edgeprune::kernels
