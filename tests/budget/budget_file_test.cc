#include "edgeprune/budget/budget_file.h"

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>

#include <string>

namespace edgeprune::budget {
namespace {

BudgetLimits limits_of(const std::string& toml, const BudgetLimits& configured = {}) {
  return parse_budget_file(toml, "budget.toml", configured);
}

std::string message_of(const std::string& toml) {
  try {
    (void)limits_of(toml);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST(BudgetFile, PutsWhatItSaysInPlaceOfTheConfigured) {
  const BudgetLimits limits =
      limits_of("seconds = 900\nharvest = [[0, 2.5], [3600, 0]]\n", {.seconds = 5, .joules = 7});
  EXPECT_EQ(limits.seconds, 900);
  EXPECT_EQ(limits.joules, 7);
  ASSERT_EQ(limits.harvest.size(), 2u);
  EXPECT_EQ(limits.harvest[1].from_seconds, 3600);
  EXPECT_EQ(limits.harvest[0].watts, 2.5);
}

TEST(BudgetFile, NamesLineKeyAndFix) {
  EXPECT_EQ(message_of("joules = 1\nseconds = -3\n"),
            "budget.toml:2: seconds is -3; it must be in [0, 1e15]");
  EXPECT_EQ(message_of("joules = inf"),
            "budget.toml:1: joules is inf; it must be a finite number, in [0, 1e15]");
  EXPECT_EQ(message_of("joules = \"2\""),
            "budget.toml:1: joules is \"2\"; it must be a number, in [0, 1e15]");
  EXPECT_EQ(message_of("\nsecond = 3"),
            "budget.toml:2: second is not a field; did you mean seconds?");
  EXPECT_EQ(message_of("watts = 3"),
            "budget.toml:1: watts is not a field; the fields are seconds, joules, harvest");
  EXPECT_EQ(message_of("harvest = 3"),
            "budget.toml:1: harvest is 3; it must be a list of pairs [seconds, watts]");
  const std::string pairs =
      "; it must hold pairs [seconds, watts], such as [3600, 2.5], in [0, 1e15] and [0, 100000]";
  EXPECT_EQ(message_of("harvest = [\n[0, 1, 2]]"),
            "budget.toml:2: harvest holds [ 0, 1, 2 ]" + pairs);
  EXPECT_EQ(message_of("harvest = [[0, -1]]"), "budget.toml:1: harvest holds [ 0, -1 ]" + pairs);
  EXPECT_EQ(message_of("harvest = [[0, 1],\n[0, 2]]"),
            "budget.toml:2: the seconds of harvest must ascend");
}

// Inputs that would make the TOML parser, or the destructor of what it made, exhaust the stack.
TEST(BudgetFile, RefusesWhatIsTooLargeOrTooDeep) {
  EXPECT_EQ(message_of(std::string(65'537, '\n')),
            "budget.toml: it has 65537 bytes, a budget has at most 65536; is it the right file?");
  EXPECT_EQ(message_of(std::string(16'385, '#')),
            "budget.toml:1: the line has 16385 bytes; it may have 16384");
  std::string dots = "a";
  for (int i = 0; i < 8000; ++i) dots += ".a";
  const std::string parts = ": a key has more than 16 parts; it may have 16";
  EXPECT_EQ(message_of("[" + dots + "]\nx = 1\n"), "budget.toml:1" + parts);
  EXPECT_EQ(message_of("\n" + dots + " = 1\n"), "budget.toml:2" + parts);
  EXPECT_EQ(message_of("harvest = " + std::string(8000, '[') + std::string(8000, ']')),
            "budget.toml:1: brackets are nested more than 16 deep; they may be 16");
}

}  // namespace
}  // namespace edgeprune::budget
