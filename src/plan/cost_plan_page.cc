#include "edgeprune/plan/cost_plan_page.h"

#include "edgeprune/core/units.h"
#include "edgeprune/page/page.h"
#include "edgeprune/plan/cost_plan_json.h"
#include "edgeprune/plan/cost_plan_table.h"

#include <fmt/format.h>

#include <filesystem>

namespace edgeprune::embedded {
extern const std::string_view cost_plan_template;  // src/plan/cost_plan_template.html
}  // namespace edgeprune::embedded

namespace edgeprune::plan {

std::string cost_plan_html(const CostPlan& plan, std::string_view command,
                           const Recommended* recommended) {
  const std::string facts =
      fmt::format("{} samples, {} epochs, strategy {}", core::format_count(plan.num_samples),
                  plan.epochs, plan.strategy);
  const std::string data = std::filesystem::path(plan.dataset).filename().string();
  const std::string tables = recommended ? recommendation_table(*recommended) : "";
  const std::string json = recommended ? recommendation_json(*recommended) : "null";
  return page::filled_page(
      embedded::cost_plan_template,
      {{"title", page::escaped(fmt::format("{} on {}, {}", plan.network, data, plan.from.device))},
       {"facts", page::escaped(facts)},
       {"time", page::escaped(plan.from.time)},
       {"power", page::escaped(plan.from.power)},
       {"memory", page::escaped(plan.from.memory)},
       {"table", page::escaped(cost_plan_table(plan) + tables)},
       {"command", page::escaped(command)},
       {"json", page::inside_script(cost_plan_json(plan))},
       {"recommendation", page::inside_script(json)}});
}

}  // namespace edgeprune::plan
