#pragma once
// A row of the table of fields: what the public header says of a field, and the way to set it.

#include "edgeprune/config/config.h"

#include "config_values.h"

#include <string>

namespace edgeprune::config {

struct FieldRow {
  ConfigField documented;
  Limits limits;
  bool is_text;  // a string or a word: an override gives it without quotes
  /// Sets the field and returns "", or leaves it and returns what the value must be.
  std::string (*set)(Config&, const GivenValue&, const Limits&);
  /// Of a field that is a string, that string; else null.
  std::string& (*text)(Config&) = nullptr;
};

}  // namespace edgeprune::config
