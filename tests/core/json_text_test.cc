#include "edgeprune/core/json_text.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace edgeprune::core {
namespace {

using Json = nlohmann::ordered_json;

TEST(JsonText, IsWhatTheLibraryWrites) {
  const Json object = {{"a", 0.1}, {"b", {1, nullptr, "c"}}};
  EXPECT_EQ(json_text(object, "x.json"), R"({"a":0.1,"b":[1,null,"c"]})");
  EXPECT_EQ(json_text(object, "x.json", 2), object.dump(2));
  EXPECT_EQ(json_text(Json(), "x.json"), "null");
}

TEST(JsonText, RefusesNumbersThatAreNotFiniteWhereverTheyStand) {
  for (const double number :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    const Json object = {{"fine", 1e308}, {"rows", {{{"a", 1.0}}, {{"a", number}}}}};
    testing::expect_error(ErrorKind::internal, {"x.json: rows.1.a", "not a finite number"},
                          [&] { (void)json_text(object, "x.json"); });
  }
}

TEST(JsonText, WritesBytesThatAreNoTextAsAMark) {
  EXPECT_EQ(json_text(Json("a\xff"), "x.json"), "\"a\\ufffd\"");
}

}  // namespace
}  // namespace edgeprune::core
