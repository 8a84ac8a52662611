#include "edgeprune/core/usage.h"

namespace edgeprune::core {

Usage& Usage::operator+=(const Usage& other) {
  seconds += other.seconds;
  joules += other.joules;
  return *this;
}

Usage operator+(Usage a, const Usage& b) {
  return a += b;
}

Usage operator-(const Usage& a, const Usage& b) {
  return {a.seconds - b.seconds, a.joules - b.joules};
}

Usage operator*(double factor, const Usage& usage) {
  return {factor * usage.seconds, factor * usage.joules};
}

std::string_view name_of(Activity activity) {
  switch (activity) {
    case Activity::score:
      return "score";
    case Activity::select:
      return "select";
    case Activity::train:
      return "train";
    case Activity::evaluate:
      return "evaluate";
    case Activity::other:
      return "other";
    case Activity::pause:
      return "pause";
  }
  return "other";
}

Usage sum(const ByActivity<Usage>& usage) {
  Usage total;
  for (const Activity activity : kWorkActivities) total += usage[activity];
  return total;
}

}  // namespace edgeprune::core
