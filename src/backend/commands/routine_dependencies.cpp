// What BEGIN ATOMIC and RETURN bodies use cannot be dropped without the function.
#include <algorithm>

#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "operator.h"
#include "parser/ast.h"
#include "routine.h"
#include "view_text.h"

namespace varve::commands {

namespace {

// The function's arguments by name and number.
class BodyParameters final : public analyzer::Variables {
 public:
  BodyParameters(catalog::Catalog& catalog, const catalog::Routine& routine)
      : catalog_(catalog), routine_(routine) {
    for (size_t i = 0; i < routine.parameter_count(); ++i) {
      if (routine.is_input(i)) inputs_.push_back(i);
    }
  }
  bool find(std::span<const std::string_view> names, Variable* out) override {
    if (names.size() > 2 || (names.size() == 2 && names[0] != routine_.name)) return false;
    for (size_t n = 0; n < inputs_.size(); ++n) {
      if (routine_.parameter_name(inputs_[n]) == names.back() && !names.back().empty())
        return find_number(static_cast<int32_t>(n + 1), out);
    }
    return false;
  }
  bool find_number(int32_t number, Variable* out) override {
    if (number < 1 || static_cast<size_t>(number) > inputs_.size()) return false;
    out->param = static_cast<uint32_t>(number - 1);
    out->type = catalog::base_type(catalog_, routine_.parameter_type(inputs_[out->param]), -1).type;
    const functions::TypeInfo* info = functions::type_by_oid(out->type);
    if (info != nullptr && info->collatable) out->collation = catalog::kDefaultCollation;
    return true;
  }
  bool expand(std::span<const std::string_view>, std::vector<Field>*) override { return false; }
  Conflict conflict() const override { return Conflict::kTables; }

 private:
  catalog::Catalog& catalog_;
  const catalog::Routine& routine_;
  std::vector<size_t> inputs_;
};

bool is_query(const parser::Node* node) {
  using parser::NodeKind;
  return node->kind == NodeKind::kSelectStmt || node->kind == NodeKind::kInsertStmt ||
         node->kind == NodeKind::kUpdateStmt || node->kind == NodeKind::kDeleteStmt ||
         node->kind == NodeKind::kMergeStmt;
}

// RETURN x is SELECT x.
const parser::Node* as_query(const parser::Node* node, Arena& arena) {
  if (!parser::is<parser::ReturnStmt>(node)) return node;
  auto* target = arena.make<parser::TargetEntry>();
  target->value = parser::as<parser::ReturnStmt>(node)->value;
  target->location = node->location;
  auto* select = arena.make<parser::SelectStmt>();
  select->location = node->location;
  select->targets = arena.copy(std::vector<parser::TargetEntry*>{target});
  return select;
}

}  // namespace

void depend_on_body(CommandContext& context, const catalog::Routine& routine, const parser::Node* body) {
  std::vector<const parser::Node*> statements{body};
  if (parser::is<parser::ListNode>(body)) {
    parser::NodeList items = parser::as<parser::ListNode>(body)->items;
    statements.assign(items.begin(), items.end());
  }
  const ObjectAddress self{kProcClass, routine.oid};
  BodyParameters parameters(context.catalog, routine);
  std::vector<ObjectAddress> used;
  for (const parser::Node* statement : statements) {
    const parser::Node* node = as_query(statement, context.arena);
    if (!is_query(node)) continue;
    analyzer::AnalyzerContext inner = context.analyzer_context();
    inner.variables = &parameters;
    const analyzer::Query* query = analyzer::analyze(inner, node);
    for (Oid other : routines_of(*query)) {
      if (other != routine.oid) used.push_back({kProcClass, other});
    }
    for (Oid op : operators_of(*query)) used.push_back({kOperatorClass, op});
    for (const QuerySource& source : sources_of(*query)) {
      if (source.relation.value() < catalog::kFirstNormalOid) continue;
      used.push_back(source.column == 0 ? relation_address(source.relation)
                                        : column_address(source.relation, source.column));
    }
  }
  // Of a relation of which columns are used the columns are named, and nothing twice.
  std::vector<ObjectAddress> kept;
  for (const ObjectAddress& u : used) {
    bool by_column = u.class_oid == kClassClass && u.sub == 0 &&
                     std::any_of(used.begin(), used.end(), [&](const ObjectAddress& other) {
                       return other.class_oid == kClassClass && other.object == u.object && other.sub != 0;
                     });
    if (!by_column && std::find(kept.begin(), kept.end(), u) == kept.end()) kept.push_back(u);
  }
  for (const ObjectAddress& u : kept) add_dependency(context, self, u, 'n');
}

}  // namespace varve::commands
