#pragma once
// What pages that open anywhere without a network have in common: one style, Chart.js with its
// licence, and how text and numbers are put into a template.

#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::page {

/// Text as HTML shows it; what would turn or hide text around it is escaped (core/printable.h).
[[nodiscard]] std::string escaped(std::string_view text);
/// JSON that a script element may hold: nothing in it ends the element.
[[nodiscard]] std::string inside_script(std::string_view json);

struct PagePart {
  std::string_view name;
  std::string text;
};
/// The template with every {{name}} replaced by its part, once: what is put in is not searched
/// again. {{style}} and {{chart_js}} are always there.
[[nodiscard]] std::string filled_page(std::string_view page, std::vector<PagePart> parts);

}  // namespace edgeprune::page
