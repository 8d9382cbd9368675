// system_views.sql into pg_class, pg_attribute and pg_rewrite. The analyzer finds out the types of the
// columns.
#include "commands/system_views.h"

#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "catalog/catalog.h"
#include "catalog/information_schema.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"

namespace varve::commands {
namespace {

using catalog::RowDraft;
using catalog::system_table;

// Each view takes two oids, its own and its rule's; the range belongs to the views alone.
constexpr uint32_t kFirstViewOid = 14000;

struct ViewDefinition {
  Oid oid;
  std::string_view schema, name, query;
  bool security_barrier;
};

ViewDefinition split(std::string_view statement, uint32_t number) {
  constexpr std::string_view kHead = "CREATE VIEW ", kAs = " AS\n", kBarrier = " WITH (security_barrier)";
  size_t head = statement.find(kHead), as = statement.find(kAs);
  VARVE_CHECK(head != std::string_view::npos && as != std::string_view::npos);
  std::string_view name = statement.substr(head + kHead.size(), as - head - kHead.size());
  const bool barrier = name.ends_with(kBarrier);
  if (barrier) name.remove_suffix(kBarrier.size());
  size_t dot = name.find('.');
  return {Oid{kFirstViewOid + 2 * number}, name.substr(0, dot), name.substr(dot + 1),
          statement.substr(as + kAs.size()), barrier};
}

void insert_class(catalog::Catalog& catalog, const ViewDefinition& view, Oid schema, size_t columns) {
  RowDraft row(system_table("pg_class"));
  row.oid("oid", view.oid).text("relname", view.name).oid("relnamespace", schema);
  row.oid("relowner", catalog::kBootstrapSuperuser).float4("reltuples", -1).boolean("relhasrules", true);
  row.text("relpersistence", "p").text("relkind", "v").int2("relnatts", static_cast<int16_t>(columns));
  row.boolean("relispopulated", true).text("relreplident", "n");
  if (view.security_barrier) row.text("reloptions", "{security_barrier=true}");
  catalog.insert(row);
}

// The domains that columns of information_schema are of.
struct InformationType {
  std::string_view name;
  Oid base;
  int32_t typmod;
  Oid collation;
  std::string_view default_sql, check_name, check;
};
constexpr InformationType kInformationTypes[] = {
    {"cardinal_number", type_oid::kInt4, -1, kInvalidOid, "", "cardinal_number_domain_check", "(VALUE >= 0)"},
    {"character_data", type_oid::kVarchar, -1, catalog::kCCollation, "", "", ""},
    {"sql_identifier", type_oid::kName, -1, catalog::kCCollation, "", "", ""},
    {"time_stamp", type_oid::kTimestamptz, 2, kInvalidOid, "CURRENT_TIMESTAMP(2)", "", ""},
    {"yes_or_no", type_oid::kVarchar, 7, catalog::kCCollation, "", "yes_or_no_check",
     "((VALUE)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[]))"}};
static_assert(catalog::kFirstInformationType + 2 * std::size(kInformationTypes) - 1 ==
              catalog::kLastInformationType);

Oid information_type_oid(size_t number) {
  return Oid{catalog::kFirstInformationType + static_cast<uint32_t>(2 * number)};
}

RowDraft like_type(catalog::Catalog& catalog, Oid type) {
  RowDraft row(system_table("pg_type"));
  const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(type.value())}};
  catalog.for_each(system_table("pg_type"), match,
                   [&](const catalog::Row& found) { row = RowDraft(system_table("pg_type"), found); });
  return row;
}

void create_information_type(catalog::Catalog& catalog, size_t number) {
  const InformationType& type = kInformationTypes[number];
  Oid oid = information_type_oid(number), array{oid.value() + 1};
  RowDraft row = like_type(catalog, type.base);
  row.oid("oid", oid).text("typname", type.name).oid("typnamespace", catalog::kInformationSchema);
  row.text("typtype", "d")
      .boolean("typispreferred", false)
      .oid("typarray", array)
      .oid("typelem", kInvalidOid);
  row.text("typinput", "domain_in").text("typreceive", "domain_recv").oid("typbasetype", type.base);
  row.int4("typtypmod", type.typmod).oid("typcollation", type.collation).text("typsubscript", "-");
  if (!type.default_sql.empty())
    row.text("typdefault", type.default_sql).text("typdefaultbin", type.default_sql);
  catalog.insert(row);
  RowDraft of_array = like_type(catalog, functions::type_by_oid(type.base)->array_type);
  of_array.oid("oid", array).text("typname", fmt::format("_{}", type.name)).oid("typelem", oid);
  of_array.oid("typnamespace", catalog::kInformationSchema).oid("typcollation", type.collation);
  catalog.insert(of_array);
  if (type.check.empty()) return;
  RowDraft check(system_table("pg_constraint"));
  check.oid("oid", Oid{catalog::kLastInformationType + 1 + static_cast<uint32_t>(number)})
      .text("conname", type.check_name)
      .oid("connamespace", catalog::kInformationSchema)
      .text("contype", "c");
  check.boolean("convalidated", true).oid("contypid", oid).text("conbin", type.check);
  check.text("confupdtype", " ").text("confdeltype", " ").text("confmatchtype", " ");
  check.boolean("conislocal", true);
  catalog.insert(check);
}

// The domain that stands for a type; kInvalidOid: none does.
Oid information_type(const analyzer::Expr& column) {
  for (size_t i = 0; i < std::size(kInformationTypes); ++i) {
    const InformationType& type = kInformationTypes[i];
    if (type.base == column.type && type.typmod == column.typmod) return information_type_oid(i);
  }
  return kInvalidOid;
}

void insert_attribute(catalog::Catalog& catalog, Oid view, Oid schema, int16_t number,
                      const analyzer::Target& target) {
  const functions::TypeInfo* type = functions::type_by_oid(target.expr->type);
  VARVE_CHECK(type != nullptr);
  Oid domain = schema == catalog::kInformationSchema ? information_type(*target.expr) : kInvalidOid;
  RowDraft row(system_table("pg_attribute"));
  row.oid("attrelid", view).text("attname", target.name).int4("attstattarget", -1);
  row.oid("atttypid", domain != kInvalidOid ? domain : type->oid);
  row.int2("attlen", type->length).int2("attnum", number).int4("attcacheoff", -1);
  row.int4("atttypmod", domain != kInvalidOid ? -1 : target.expr->typmod).boolean("attbyval", type->by_value);
  row.text("attalign", std::string(1, type->alignment)).text("attstorage", type->length == -1 ? "x" : "p");
  row.int4("attndims", type->element_type != kInvalidOid && type->length == -1 ? 1 : 0);
  row.text("attidentity", "").text("attgenerated", "").text("attcompression", "").boolean("attislocal", true);
  const bool fixed = domain != kInvalidOid && type->collatable;
  row.oid("attcollation",
          fixed ? catalog::kCCollation : (type->collatable ? target.expr->collation : kInvalidOid));
  catalog.insert(row);
}

void insert_rule(catalog::Catalog& catalog, const ViewDefinition& view) {
  RowDraft row(system_table("pg_rewrite"));
  row.oid("oid", Oid{view.oid.value() + 1})
      .text("rulename", "_RETURN")
      .oid("ev_class", view.oid)
      .text("ev_type", "1");
  row.text("ev_enabled", "O").boolean("is_instead", true).text("ev_qual", "<>").text("ev_action", view.query);
  catalog.insert(row);
}

void create(catalog::Catalog& catalog, const ViewDefinition& view) {
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
    if (!target.junk) insert_attribute(catalog, view.oid, schema, ++columns, target);
  }
  insert_class(catalog, view, schema, static_cast<size_t>(columns));
  insert_rule(catalog, view);
}

void create_views(catalog::Catalog& catalog, std::string_view text, uint32_t& number) {
  for (size_t at = 0; (at = text.find("\nCREATE VIEW ", at)) != std::string_view::npos;) {
    size_t end = text.find(";\n", at);
    VARVE_CHECK(end != std::string_view::npos);
    ViewDefinition view = split(text.substr(at, end - at), number++);
    try {
      create(catalog, view);
    } catch (const SqlError& e) {
      throw SqlError(e.state(), fmt::format("system view {}: {}", view.name, e.what()));
    }
    at = end;
  }
}

}  // namespace

void create_system_views(catalog::Catalog& catalog) {
  for (size_t i = 0; i < std::size(kInformationTypes); ++i) create_information_type(catalog, i);
  uint32_t number = 0;
  create_views(catalog, catalog::system_views_sql(), number);
  create_views(catalog, catalog::information_schema_sql(), number);
}

}  // namespace varve::commands
