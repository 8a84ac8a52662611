#pragma once
// What work takes, and which activity it belongs to.
//
//   ByActivity<Usage> spent;
//   spent[Activity::train] += {.seconds = 2.5, .joules = 10};
//   Usage all = sum(spent);

#include <array>
#include <cstddef>
#include <string_view>

namespace edgeprune::core {

/// Seconds and joules. Joules are 0 where nothing measures them.
struct Usage {
  double seconds = 0;
  double joules = 0;

  Usage& operator+=(const Usage& other);
};
[[nodiscard]] Usage operator+(Usage a, const Usage& b);
[[nodiscard]] Usage operator-(const Usage& a, const Usage& b);
[[nodiscard]] Usage operator*(double factor, const Usage& usage);

/// What a run is busy with. Every moment but pauses belongs to exactly one.
enum class Activity { score, select, train, evaluate, other, pause };
/// "score", "select", "train", "evaluate", "other" (starting, reading data, saving), "pause".
[[nodiscard]] std::string_view name_of(Activity activity);

/// Those that count as work, in the order in which tables list them.
inline constexpr std::array kWorkActivities = {Activity::score, Activity::select, Activity::train,
                                               Activity::evaluate, Activity::other};

/// One value for each activity that counts as work.
template <typename T>
class ByActivity {
 public:
  [[nodiscard]] T& operator[](Activity activity) {
    return values_.at(static_cast<std::size_t>(activity));
  }
  [[nodiscard]] const T& operator[](Activity activity) const {
    return values_.at(static_cast<std::size_t>(activity));
  }

 private:
  std::array<T, kWorkActivities.size()> values_{};
};

[[nodiscard]] Usage sum(const ByActivity<Usage>& usage);

}  // namespace edgeprune::core
