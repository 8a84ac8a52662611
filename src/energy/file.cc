// A file that another program keeps writing watts or joules to: a USB meter's logger, a smart
// plug's script. Which of the two the first reading says holds for the whole run.

#include "edgeprune/core/error.h"
#include "edgeprune/energy/quantity.h"

#include "sources.h"

#include <fmt/format.h>

namespace edgeprune::energy {
namespace {

struct FileQuantity {
  std::optional<Quantity> quantity;
  std::string why_not;
};

FileQuantity read_quantity(const std::filesystem::path& path) {
  const FileText file = read_text(path);
  if (!file.text) return {{}, file.why_not};
  const std::optional<Quantity> quantity = parse_quantity(*file.text);
  if (quantity) return {quantity, ""};
  return {{},
          fmt::format("{}: holds \"{}\"; it must hold watts (\"12.3 W\") or joules (\"512 J\")",
                      path.string(), core::printable(*file.text))};
}

Reading read_same_unit(const std::filesystem::path& path, bool is_joules) {
  const FileQuantity reading = read_quantity(path);
  if (!reading.quantity) return unreadable(reading.why_not);
  if (reading.quantity->is_joules != is_joules) return unreadable("the unit has changed");
  return {reading.quantity->value, ""};
}

}  // namespace

std::vector<Candidate> look_at_file(const MeterSearch& search) {
  MeterInfo info = {.source = Source::file,
                    .name = search.file.filename().string(),
                    .scope = Scope::other,
                    .method = Method::integrated,
                    .path = search.file.string()};
  std::vector<Candidate> found;
  if (search.file.empty()) {
    found.push_back(unusable(info, "energy.file is not given"));
    return found;
  }
  const FileQuantity first = read_quantity(search.file);
  if (!first.quantity) {
    found.push_back(unusable(info, first.why_not));
    return found;
  }
  const bool is_joules = first.quantity->is_joules;
  if (is_joules) info.method = Method::counter;
  found.push_back(
      try_meter(info, [path = search.file, is_joules] { return read_same_unit(path, is_joules); }));
  return found;
}

}  // namespace edgeprune::energy
