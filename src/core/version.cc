#include "edgeprune/core/version.h"

#define EDGEPRUNE_TEXT(x) #x
#define EDGEPRUNE_JOIN(major, minor, patch) \
  EDGEPRUNE_TEXT(major) "." EDGEPRUNE_TEXT(minor) "." EDGEPRUNE_TEXT(patch)

namespace edgeprune::core {

std::string_view version() {
  return EDGEPRUNE_JOIN(EDGEPRUNE_VERSION_MAJOR, EDGEPRUNE_VERSION_MINOR, EDGEPRUNE_VERSION_PATCH);
}

}  // namespace edgeprune::core
