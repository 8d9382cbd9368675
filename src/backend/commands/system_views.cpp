// system_views.sql into pg_class, pg_attribute and pg_rewrite. The analyzer finds out the types of the
// columns.
#include "commands/system_views.h"

#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "catalog/catalog.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "parser/parser.h"

namespace varve::commands {
namespace {

using catalog::RowDraft;
using catalog::system_table;

// Each view takes two oids, its own and its rule's; the range belongs to the views alone.
constexpr uint32_t kFirstViewOid = 14000;

struct Definition {
  Oid oid;
  std::string_view schema, name, query;
};

Definition split(std::string_view statement, uint32_t number) {
  constexpr std::string_view kHead = "CREATE VIEW ", kAs = " AS\n";
  size_t head = statement.find(kHead), as = statement.find(kAs);
  VARVE_CHECK(head != std::string_view::npos && as != std::string_view::npos);
  std::string_view name = statement.substr(head + kHead.size(), as - head - kHead.size());
  size_t dot = name.find('.');
  return {Oid{kFirstViewOid + 2 * number}, name.substr(0, dot), name.substr(dot + 1),
          statement.substr(as + kAs.size())};
}

void insert_class(catalog::Catalog& catalog, const Definition& view, Oid schema, size_t columns) {
  RowDraft row(system_table("pg_class"));
  row.oid("oid", view.oid).text("relname", view.name).oid("relnamespace", schema);
  row.oid("relowner", catalog::kBootstrapSuperuser).float4("reltuples", -1).boolean("relhasrules", true);
  row.text("relpersistence", "p").text("relkind", "v").int2("relnatts", static_cast<int16_t>(columns));
  row.boolean("relispopulated", true).text("relreplident", "n");
  catalog.insert(row);
}

void insert_attribute(catalog::Catalog& catalog, Oid view, int16_t number, const analyzer::Target& target) {
  const functions::TypeInfo* type = functions::type_by_oid(target.expr->type);
  VARVE_CHECK(type != nullptr);
  RowDraft row(system_table("pg_attribute"));
  row.oid("attrelid", view).text("attname", target.name).oid("atttypid", type->oid).int4("attstattarget", -1);
  row.int2("attlen", type->length).int2("attnum", number).int4("attcacheoff", -1);
  row.int4("atttypmod", target.expr->typmod).boolean("attbyval", type->by_value);
  row.text("attalign", std::string(1, type->alignment)).text("attstorage", type->length == -1 ? "x" : "p");
  row.int4("attndims", type->element_type != kInvalidOid && type->length == -1 ? 1 : 0);
  row.text("attidentity", "").text("attgenerated", "").text("attcompression", "").boolean("attislocal", true);
  row.oid("attcollation", type->collatable ? target.expr->collation : kInvalidOid);
  catalog.insert(row);
}

void insert_rule(catalog::Catalog& catalog, const Definition& view) {
  RowDraft row(system_table("pg_rewrite"));
  row.oid("oid", Oid{view.oid.value() + 1})
      .text("rulename", "_RETURN")
      .oid("ev_class", view.oid)
      .text("ev_type", "1");
  row.text("ev_enabled", "O").boolean("is_instead", true).text("ev_qual", "<>").text("ev_action", view.query);
  catalog.insert(row);
}

void create(catalog::Catalog& catalog, const Definition& view) {
  Oid schema = catalog.find_schema(view.schema);
  VARVE_CHECK(schema != kInvalidOid);
  Arena arena;
  std::deque<catalog::RelationPtr> relations;
  types::FormatSettings format;
  functions::EvalContext eval{&arena, &format, nullptr};
  analyzer::AnalyzerContext context{catalog, arena, relations, eval, view.query, {}};
  parser::ParsedScript script = parser::parse(view.query, arena);
  const analyzer::Query* query = analyzer::analyze(context, script.statements[0].statement);
  int16_t columns = 0;
  for (const analyzer::Target& target : query->targets) {
    if (!target.junk) insert_attribute(catalog, view.oid, ++columns, target);
  }
  insert_class(catalog, view, schema, static_cast<size_t>(columns));
  insert_rule(catalog, view);
}

}  // namespace

void create_system_views(catalog::Catalog& catalog) {
  std::string_view text = catalog::system_views_sql();
  uint32_t number = 0;
  for (size_t at = 0; (at = text.find("\nCREATE VIEW ", at)) != std::string_view::npos;) {
    size_t end = text.find(";\n", at);
    VARVE_CHECK(end != std::string_view::npos);
    Definition view = split(text.substr(at, end - at), number++);
    try {
      create(catalog, view);
    } catch (const SqlError& e) {
      throw SqlError(e.state(), fmt::format("system view {}: {}", view.name, e.what()));
    }
    at = end;
  }
}

}  // namespace varve::commands
