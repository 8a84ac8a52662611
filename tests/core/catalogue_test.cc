#include "edgeprune/core/catalogue.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <string>

namespace edgeprune::core {
namespace {

using testing::expect_error;

struct Dish {
  static constexpr std::string_view kCalled = "dish";
  std::string name;
  int minutes = 0;
};

Catalogue<Dish> dishes() {
  return Catalogue<Dish>({{.name = "soup", .minutes = 30}, {.name = "salad", .minutes = 10}});
}

TEST(Catalogue, FindsItsRowsByNameInTheirOrder) {
  const Catalogue<Dish> ours = dishes();
  EXPECT_EQ(ours.named("salad").minutes, 10);
  EXPECT_EQ(ours.find("bread"), nullptr);
  EXPECT_EQ(ours.names(), (std::vector<std::string_view>{"soup", "salad"}));
  EXPECT_EQ(ours[0].name, "soup");
}

TEST(Catalogue, AddingToACopyLeavesTheOtherAsItWas) {
  const Catalogue<Dish> ours = dishes();
  Catalogue<Dish> more = ours;
  more.add({.name = "bread", .minutes = 90});
  EXPECT_EQ(more.named("bread").minutes, 90);
  EXPECT_EQ(more.size(), 3u);
  EXPECT_EQ(ours.size(), 2u);
}

TEST(Catalogue, ARowStaysWhereItIsWhenOthersAreAdded) {
  Catalogue<Dish> more = dishes();
  const Dish* soup = more.find("soup");
  for (int i = 0; i < 1000; ++i) more.add({.name = "dish" + std::to_string(i)});
  EXPECT_EQ(more.find("soup"), soup);
}

TEST(Catalogue, RefusesANameThatIsTakenOrThatNoFileCouldHold) {
  Catalogue<Dish> more = dishes();
  expect_error(ErrorKind::config, {"dish soup already", "another name"},
               [&] { more.add({.name = "soup"}); });
  for (const char* name : {"", "two words", "Soup", "so.up", "a\nb"}) {
    expect_error(ErrorKind::config, {"a dish is called", "lower-case"},
                 [&] { more.add({.name = name}); });
  }
  EXPECT_EQ(more.size(), 2u);
}

TEST(Catalogue, AnUnknownNameIsCalledWhatTheUserCallsItAndTheNearestIsNamed) {
  expect_error(ErrorKind::config,
               {"the dish is \"sopu\"; it must be one of soup, salad; did you mean soup?"},
               [] { (void)dishes().named("sopu"); });
  expect_error(ErrorKind::config, {"menu.first is \"a\\x0ab\"; it must be one of soup, salad"},
               [] { (void)dishes().named("a\nb", "menu.first"); });
}

}  // namespace
}  // namespace edgeprune::core
