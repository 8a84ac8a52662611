#pragma once
// The known name that a mistyped one was probably meant to be.

#include <span>
#include <string_view>

namespace edgeprune::select {

/// The name with the fewest letters to insert, remove or replace (Levenshtein); "" where that is
/// more than half of the unknown name, or equally few for two.
[[nodiscard]] std::string_view nearest_name(std::string_view unknown,
                                            std::span<const std::string_view> names);

}  // namespace edgeprune::select
