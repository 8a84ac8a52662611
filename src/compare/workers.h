#pragma once
// Independent tasks, a few at a time.

#include <cstddef>
#include <cstdint>
#include <functional>

namespace edgeprune::compare {

/// Calls task(0) ... task(count - 1), at most `jobs` at once, begun in that order. After a task
/// throws, no other begins; those under way finish, then the first exception is thrown on.
void run_side_by_side(std::size_t count, std::uint32_t jobs,
                      const std::function<void(std::size_t)>& task);

}  // namespace edgeprune::compare
