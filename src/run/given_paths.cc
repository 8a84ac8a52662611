#include "given_paths.h"

namespace edgeprune::run {

std::vector<std::pair<std::string_view, std::string*>> given_paths(config::Config& config) {
  config::Config::Data& data = config.data;
  return {{"data.path", &data.path},
          {"data.test_path", &data.test_path},
          {"data.images", &data.images},
          {"data.labels", &data.labels},
          {"data.test_images", &data.test_images},
          {"data.test_labels", &data.test_labels},
          {"model.init", &config.model.init},
          {"prune.selection_file", &config.prune.selection_file},
          {"budget.file", &config.budget.file},
          {"budget.replay", &config.budget.replay},
          {"energy.file", &config.energy.file}};
}

}  // namespace edgeprune::run
