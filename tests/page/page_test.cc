#include "edgeprune/page/page.h"

#include <gtest/gtest.h>

#include <string>

namespace edgeprune::page {
namespace {

TEST(Page, TextIsInertInHtml) {
  EXPECT_EQ(escaped("<b class=\"x\">R&D</b>"), "&lt;b class=&quot;x&quot;&gt;R&amp;D&lt;/b&gt;");
}

TEST(Page, TextObeysNothingInIt) {
  EXPECT_EQ(escaped("a'\x1b[2J\xe2\x80\xae"
                    "b\nc"),
            "a&#39;\\x1b[2J\\u202eb\nc");
}

TEST(Page, JsonCannotEndItsScriptElement) {
  const std::string json = inside_script(R"({"name": "</script><script>alert(1)</script>"})");
  EXPECT_EQ(json.find("</script"), std::string::npos) << json;
}

TEST(Page, WhatIsPutInIsNotSearchedAgain) {
  EXPECT_EQ(filled_page("a {{x}} b {{y}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2");
}

TEST(Page, StyleAndChartsAreAlwaysThere) {
  const std::string page = filled_page("{{style}}|{{chart_js}}", {});
  EXPECT_NE(page.find("color-scheme"), std::string::npos);
  EXPECT_NE(page.find("Chart.js"), std::string::npos);
}

}  // namespace
}  // namespace edgeprune::page
