#include "catalog_rows.h"

#include <fmt/format.h>

#include "catalog/user_type.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "grant.h"

namespace varve::commands {

std::string array_text(std::span<const ColumnNumber> numbers) {
  std::string out = "{";
  for (ColumnNumber n : numbers) out += fmt::format("{}{}", out.size() > 1 ? "," : "", n);
  return out + "}";
}

std::string vector_text(std::span<const ColumnNumber> numbers) {
  std::string out;
  for (ColumnNumber n : numbers) out += fmt::format("{}{}", out.empty() ? "" : " ", n);
  return out;
}

std::string text_array(std::span<const std::string> items) {
  std::string out = "{";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

namespace {

void insert_dependency(CommandContext& context, const ObjectAddress& dependent,
                       const ObjectAddress& referenced, char type) {
  RowDraft row(system_table("pg_depend"));
  row.oid("classid", dependent.class_oid).oid("objid", dependent.object).int4("objsubid", dependent.sub);
  row.oid("refclassid", referenced.class_oid)
      .oid("refobjid", referenced.object)
      .int4("refobjsubid", referenced.sub);
  row.text("deptype", std::string(1, type));
  context.catalog.insert(row);
}

bool is_member(CommandContext& context, const ObjectAddress& object) {
  bool found = false;
  const KeyMatch match[] = {{"classid", Value::of_oid(object.class_oid.value())},
                            {"objid", Value::of_oid(object.object.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.letter("deptype") == 'e') found = true;
  });
  return found;
}

}  // namespace

void add_to_extension(CommandContext& context, const ObjectAddress& object) {
  if (context.extension == kInvalidOid || is_member(context, object)) return;
  insert_dependency(context, object, {kExtensionClass, context.extension}, 'e');
}

void add_dependency(CommandContext& context, const ObjectAddress& dependent, const ObjectAddress& referenced,
                    char type) {
  if (referenced.class_oid == kNamespaceClass && type == 'n') add_to_extension(context, dependent);
  // Built-in objects cannot go, so nothing need be remembered about them.
  if (referenced.object.value() < catalog::kFirstNormalOid && referenced.object != catalog::kPublicSchema)
    return;
  insert_dependency(context, dependent, referenced, type);
}

void remove_dependencies_of(CommandContext& context, const ObjectAddress& dependent) {
  const KeyMatch match[] = {{"classid", Value::of_oid(dependent.class_oid.value())},
                            {"objid", Value::of_oid(dependent.object.value())},
                            {"objsubid", Value::of_int32(dependent.sub)}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.letter("deptype") != 'e') context.catalog.remove(system_table("pg_depend"), row);
  });
}

void insert_class_row(CommandContext& context, const ClassRow& c) {
  RowDraft row(system_table("pg_class"));
  row.oid("oid", c.oid).text("relname", c.name).oid("relnamespace", c.schema).oid("reltype", c.row_type);
  row.oid("relowner", c.owner).oid("relam", c.access_method);
  row.oid("relfilenode", Oid{static_cast<uint32_t>(c.segment.value())});
  row.float4("reltuples", c.kind == 'S' ? 1.0F : -1.0F).int4("relpages", c.kind == 'S' ? 1 : 0);
  // Everything in the schema of temporary objects is one.
  const bool temporary = c.schema != kInvalidOid && c.schema == context.catalog.temporary_schema();
  row.text("relpersistence", std::string(1, temporary ? 't' : c.persistence))
      .text("relkind", std::string(1, c.kind));
  row.int2("relnatts", c.columns).int2("relchecks", c.checks).boolean("relhasrules", c.has_rules);
  const bool has_rows = c.kind == 'r' || c.kind == 'm' || c.kind == 'p';
  row.boolean("relispopulated", c.populated).text("relreplident", has_rows ? "d" : "n");
  if (!c.options.empty()) row.text("reloptions", c.options);
  bool has_list = std::string_view("rvmfpS").find(c.kind) != std::string_view::npos;
  std::string acl =
      has_list ? default_acl_text(context, c.kind == 'S' ? 'S' : 'r', c.owner, c.schema) : std::string();
  if (!acl.empty()) row.text("relacl", acl);
  context.catalog.insert(row);
}

void insert_attribute_row(CommandContext& context, Oid relation, ColumnNumber number, const AttributeRow& c) {
  // A domain is kept as the type underneath is.
  const functions::TypeInfo* info =
      functions::type_by_oid(catalog::base_type(context.catalog, c.type, c.typmod).type);
  RowDraft row(system_table("pg_attribute"));
  row.oid("attrelid", relation)
      .text("attname", c.name)
      .oid("atttypid", c.type)
      .int4("attstattarget", number > 0 ? -1 : 0);
  row.int2("attlen", info != nullptr ? info->length : int16_t{-1})
      .int2("attnum", number)
      .int4("attcacheoff", -1);
  row.int4("attndims", c.dimensions)
      .int4("atttypmod", c.typmod)
      .boolean("attbyval", info != nullptr && info->by_value);
  row.text("attalign", info != nullptr ? std::string(1, info->alignment) : "i");
  bool plain = info != nullptr && info->length != -1;
  row.text("attstorage", plain ? "p" : c.type == type_oid::kNumeric ? "m" : "x");
  row.text("attcompression", "").boolean("attnotnull", c.not_null).boolean("atthasdef", c.has_default);
  row.text("attidentity", c.identity == 0 ? std::string() : std::string(1, c.identity));
  row.text("attgenerated", c.generated == 0 ? std::string() : std::string(1, c.generated));
  row.boolean("attislocal", c.local).int4("attinhcount", c.inherited).oid("attcollation", c.collation);
  context.catalog.insert(row);
}

void insert_system_attributes(CommandContext& context, Oid relation) {
  static constexpr struct {
    ColumnNumber number;
    std::string_view name;
    Oid type;
  } kColumns[] = {{-1, "ctid", type_oid::kTid}, {-2, "xmin", type_oid::kXid},
                  {-3, "cmin", type_oid::kCid}, {-4, "xmax", type_oid::kXid},
                  {-5, "cmax", type_oid::kCid}, {-6, "tableoid", type_oid::kOid}};
  for (const auto& c : kColumns) {
    AttributeRow row;
    row.name = c.name;
    row.type = c.type;
    row.not_null = true;
    insert_attribute_row(context, relation, c.number, row);
  }
}

namespace {

// The name of an array type: "_" in front, once more for each that is taken.
std::string array_type_name(CommandContext& context, std::string_view name, Oid schema) {
  std::string array = "_" + std::string(name.substr(0, 62));
  for (;;) {
    bool taken = false;
    const KeyMatch match[] = {{"typname", Value::of_string(std::string_view(array))},
                              {"typnamespace", Value::of_oid(schema.value())}};
    context.catalog.for_each(system_table("pg_type"), match, [&](const Row&) { taken = true; });
    if (!taken) return array;
    array = "_" + array.substr(0, 62);
  }
}

}  // namespace

Oid insert_row_type(CommandContext& context, Oid relation, std::string_view name, Oid schema, Oid owner) {
  Oid composite = catalog::Database::new_oid(), array = catalog::Database::new_oid();
  auto insert = [&](bool is_array) {
    RowDraft row(system_table("pg_type"));
    row.oid("oid", is_array ? array : composite).oid("typnamespace", schema).oid("typowner", owner);
    row.text("typname", is_array ? array_type_name(context, name, schema) : std::string(name));
    row.int2("typlen", -1).text("typtype", is_array ? "b" : "c").text("typcategory", is_array ? "A" : "C");
    row.boolean("typisdefined", true).text("typdelim", ",").text("typalign", "d").text("typstorage", "x");
    row.int4("typtypmod", -1);
    if (is_array)
      row.oid("typelem", composite);
    else
      row.oid("typrelid", relation).oid("typarray", array);
    std::string_view prefix = is_array ? "array_" : "record_";
    for (std::string_view part : {"in", "out", "recv", "send"}) {
      static constexpr std::pair<std::string_view, std::string_view> kColumns[] = {
          {"in", "typinput"}, {"out", "typoutput"}, {"recv", "typreceive"}, {"send", "typsend"}};
      for (const auto& [suffix, column] : kColumns) {
        if (suffix == part) row.text(column, fmt::format("{}{}", prefix, part));
      }
    }
    context.catalog.insert(row);
  };
  insert(false);
  insert(true);
  add_dependency(context, {kTypeClass, composite}, relation_address(relation), 'i');
  add_dependency(context, {kTypeClass, array}, {kTypeClass, composite}, 'i');
  return composite;
}

Oid set_default_row(CommandContext& context, Oid relation, ColumnNumber number, std::string_view sql) {
  const KeyMatch match[] = {{"adrelid", Value::of_oid(relation.value())}, {"adnum", Value::of_int16(number)}};
  context.catalog.for_each(system_table("pg_attrdef"), match, [&](const Row& row) {
    remove_dependencies_of(context, {kDefaultClass, row.oid("oid")});
    context.catalog.remove(system_table("pg_attrdef"), row);
  });
  if (sql.empty()) return kInvalidOid;
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_attrdef"));
  row.oid("oid", oid).oid("adrelid", relation).int2("adnum", number).text("adbin", sql);
  context.catalog.insert(row);
  add_dependency(context, {kDefaultClass, oid}, column_address(relation, number), 'a');
  return oid;
}

void insert_constraint_row(CommandContext& context, const ConstraintRow& c) {
  RowDraft row(system_table("pg_constraint"));
  row.oid("oid", c.oid)
      .text("conname", c.name)
      .oid("connamespace", c.schema)
      .text("contype", std::string(1, c.kind));
  row.boolean("condeferrable", c.deferrable)
      .boolean("condeferred", c.deferred)
      .boolean("convalidated", c.validated);
  row.oid("conrelid", c.relation)
      .oid("contypid", c.domain)
      .oid("conindid", c.index)
      .oid("confrelid", c.referenced);
  auto letter = [&](char value) { return c.kind == 'f' ? std::string(1, value) : std::string(" "); };
  row.text("confupdtype", letter(c.on_update)).text("confdeltype", letter(c.on_delete));
  row.text("confmatchtype", letter(c.match)).boolean("conislocal", c.local).int4("coninhcount", c.inherited);
  row.oid("conparentid", c.parent);
  // Only CHECK constraints are inherited by default; what a partitioned table has, all of it has.
  bool whole = c.kind == 'c' || c.kind == 'f' ? !c.no_inherit : c.parent != kInvalidOid;
  row.boolean("connoinherit", !whole);
  if (!c.columns.empty()) row.text("conkey", array_text(c.columns));
  if (!c.referenced_columns.empty()) row.text("confkey", array_text(c.referenced_columns));
  if (!c.delete_set_columns.empty()) row.text("confdelsetcols", array_text(c.delete_set_columns));
  if (!c.expression.empty()) row.text("conbin", c.expression);
  context.catalog.insert(row);
}

}  // namespace varve::commands
