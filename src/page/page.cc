#include "edgeprune/page/page.h"

#include "edgeprune/core/printable.h"

#include <fmt/format.h>

namespace edgeprune::embedded {
extern const std::string_view page_style;        // src/page/page_style.css
extern const std::string_view chart_js_licence;  // src/page/chart_js_licence.html
extern const std::string_view chart_js;
}  // namespace edgeprune::embedded

namespace edgeprune::page {

std::string escaped(std::string_view text) {
  std::string html;
  for (const char character : core::printable_lines(text)) {
    switch (character) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += character;
    }
  }
  return html;
}

std::string inside_script(std::string_view json) {
  std::string text;
  for (const char character : json) {
    if (character == '<') {
      text += "\\u003c";
    } else {
      text += character;
    }
  }
  return text;
}

std::string filled_page(std::string_view page, std::vector<PagePart> parts) {
  parts.push_back({"style", std::string(embedded::page_style)});
  parts.push_back({"chart_js", fmt::format("{}<script>{}</script>", embedded::chart_js_licence,
                                           embedded::chart_js)});
  std::string html;
  while (true) {
    const std::size_t begin = page.find("{{");
    html += page.substr(0, begin);
    if (begin == std::string_view::npos) return html;
    const std::size_t end = page.find("}}", begin);
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    for (const PagePart& part : parts) {
      if (part.name == name) html += part.text;
    }
    page.remove_prefix(end + 2);
  }
}

}  // namespace edgeprune::page
