#include "edgeprune/core/cpu_name.h"

#include "edgeprune/core/error.h"

#include <fstream>

namespace edgeprune::core {

std::string cpu_name(const std::filesystem::path& proc) {
  std::ifstream cpuinfo(proc / "cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return printable(line.substr(colon + 2));
    }
  }
  std::ifstream board(proc / "device-tree" / "model");
  std::string model;
  std::getline(board, model, '\0');
  return model.empty() ? "unknown CPU" : printable(model);
}

}  // namespace edgeprune::core
