// `varve init` and CREATE DATABASE: making the system tables and their first rows.
#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "access/heap.h"
#include "catalog/catalog.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "embedded.h"
#include "functions/leakproof.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "segment_map.h"
#include "tsv.h"
#include "wal/log_manager.h"

namespace varve::catalog {

using functions::TypeInfo;
using types::Value;

void create_system_segments(txn::Transaction& txn, Oid database, bool shared) {
  for (const SystemTable& table : system_tables()) {
    if (table.shared != shared) continue;
    Oid where = shared ? kInvalidOid : database;
    auto heap = access::create_heap(txn.manager(), txn);
    check_ok(heap.status());
    add_to_segment_map(txn, where, table.oid, *heap);
    for (const SystemIndex& index : table.indexes) {
      auto tree = access::create_btree(txn.manager(), txn);
      check_ok(tree.status());
      add_to_segment_map(txn, where, index.oid, *tree);
    }
  }
}

// Fills the system tables of one database (or, for the first, the shared ones too).
class Bootstrap {
 public:
  Bootstrap(Catalog& catalog, Oid owner, bool with_shared)
      : catalog_(catalog), owner_(owner), with_shared_(with_shared) {}

  void fill() {
    initial_rows();
    types();
    procs();
    operators();
    casts();
    aggregates();
    for (const SystemTable& table : system_tables()) relation(table);
  }

 private:
  bool wanted(const SystemTable& table) const { return with_shared_ || !table.shared; }

  void initial_rows() {
    std::string_view text = initial_rows_tsv(), line;
    const SystemTable* table = nullptr;
    while (next_line(text, &line)) {
      if (line.starts_with('@')) {
        table = &system_table(line.substr(1));
        continue;
      }
      if (!wanted(*table)) continue;
      auto fields = split(line, '\t');
      VARVE_CHECK(fields.size() == table->columns.size());
      RowDraft row(*table);
      for (size_t i = 0; i < fields.size(); ++i) {
        std::string_view column = table->columns[i].name;
        if (fields[i] == "\\N")
          row.null(column);
        else
          row.text(column, fields[i]);
      }
      catalog_.insert(row);
    }
  }

  void types() {
    const SystemTable& pg_type = system_table("pg_type");
    for (const TypeInfo& t : functions::all_types()) {
      RowDraft row(pg_type);
      row.oid("oid", t.oid)
          .text("typname", t.name)
          .oid("typnamespace", kPgCatalogSchema)
          .oid("typowner", owner_);
      row.int2("typlen", t.length).boolean("typbyval", t.by_value).text("typtype", std::string(1, t.kind));
      row.text("typcategory", std::string(1, t.category)).boolean("typispreferred", t.preferred);
      bool semicolons = t.oid == type_oid::kBox || t.oid == type_oid::kBoxArray;  // their text has commas
      row.boolean("typisdefined", true)
          .text("typdelim", semicolons ? ";" : ",")
          .oid("typelem", t.element_type);
      row.oid("typarray", t.array_type).text("typalign", std::string(1, t.alignment));
      row.text("typstorage", storage_of(t)).int4("typtypmod", -1);
      row.oid("typcollation",
              t.collatable ? (t.oid == type_oid::kName ? kCCollation : kDefaultCollation) : kInvalidOid);
      set_io_functions(row, t);
      catalog_.insert(row);
    }
  }

  static std::string_view storage_of(const TypeInfo& t) {
    if (t.length != -1 || t.name == "int2vector" || t.name == "oidvector") return "p";
    return t.oid == type_oid::kNumeric || t.name == "inet" || t.name == "cidr" ? "m" : "x";
  }

  static void set_io_functions(RowDraft& row, const TypeInfo& t) {
    bool array = t.element_type != kInvalidOid && t.category == 'A' && !t.name.ends_with("vector");
    std::string_view base = array                   ? "array"
                            : t.kind == 'r'         ? "range"
                            : t.kind == 'm'         ? "multirange"
                            : t.name == "money"     ? "cash"
                            : t.name == "refcursor" ? "text"
                                                    : t.name;
    auto set = [&](std::string_view column, std::string_view suffix) {
      Oid function = functions::internal_function_oid(fmt::format("{}{}", base, suffix));
      if (function == kInvalidOid)
        function = functions::internal_function_oid(fmt::format("{}_{}", base, suffix));
      row.oid(column, function);
    };
    set("typinput", "in");
    set("typoutput", "out");
    set("typreceive", "recv");
    set("typsend", "send");
  }

  static std::string vector_text(std::span<const Oid> oids) {
    std::string text;
    for (Oid oid : oids) {
      if (!text.empty()) text += ' ';
      text += std::to_string(oid.value());
    }
    return text;
  }

  void procs() {
    const SystemTable& pg_proc = system_table("pg_proc");
    for (const functions::Function& f : functions::all_functions()) {
      RowDraft row(pg_proc);
      bool returns_set = f.kind == functions::FunctionKind::kSetReturning;
      row.oid("oid", f.oid)
          .text("proname", f.name)
          .oid("pronamespace", kPgCatalogSchema)
          .oid("proowner", owner_);
      row.oid("prolang", Oid{12}).float4("procost", 1).float4("prorows", returns_set ? 1000 : 0);
      row.oid("provariadic", f.variadic)
          .text("prokind", kind_letter(f.kind))
          .boolean("proleakproof", functions::is_leakproof(f.oid));
      row.boolean("proisstrict", f.strict).boolean("proretset", returns_set);
      row.text("provolatile", std::string(1, "isv"[static_cast<size_t>(f.volatility)]))
          .text("proparallel", "s");
      row.int2("pronargs", static_cast<int16_t>(f.args.size())).int2("pronargdefaults", f.default_args);
      row.oid("prorettype", f.result).text("proargtypes", vector_text(f.args)).text("prosrc", f.name);
      catalog_.insert(row);
    }
  }

  static std::string_view kind_letter(functions::FunctionKind kind) {
    switch (kind) {
      case functions::FunctionKind::kAggregate:
        return "a";
      case functions::FunctionKind::kWindow:
        return "w";
      default:
        return "f";
    }
  }

  void operators() {
    const SystemTable& pg_operator = system_table("pg_operator");
    for (const functions::Operator& op : functions::all_operators()) {
      RowDraft row(pg_operator);
      row.oid("oid", op.oid)
          .text("oprname", op.name)
          .oid("oprnamespace", kPgCatalogSchema)
          .oid("oprowner", owner_);
      row.text("oprkind", op.left == kInvalidOid ? "l" : "b")
          .oid("oprleft", op.left)
          .oid("oprright", op.right);
      row.oid("oprresult", op.result).oid("oprcom", op.commutator).oid("oprnegate", op.negator);
      row.oid("oprcode", op.function);
      catalog_.insert(row);
    }
  }

  void casts() {
    const SystemTable& pg_cast = system_table("pg_cast");
    uint32_t next = 10035;  // PostgreSQL numbers them at initdb as well
    for (const functions::Cast& c : functions::all_casts()) {
      RowDraft row(pg_cast);
      row.oid("oid", Oid{next++})
          .oid("castsource", c.source)
          .oid("casttarget", c.target)
          .oid("castfunc", c.function);
      row.text("castcontext", std::string(1, "iae"[static_cast<size_t>(c.context)]));
      row.text("castmethod", c.function == kInvalidOid ? "b" : "f");
      catalog_.insert(row);
    }
  }

  void aggregates() {
    const SystemTable& pg_aggregate = system_table("pg_aggregate");
    for (const functions::Function& f : functions::all_functions()) {
      if (f.kind != functions::FunctionKind::kAggregate) continue;
      RowDraft row(pg_aggregate);
      row.oid("aggfnoid", f.oid).text("aggkind", "n").oid("aggtranstype", type_oid::kInternal);
      row.text("aggfinalmodify", "r").text("aggmfinalmodify", "r");
      catalog_.insert(row);
    }
  }

  // pg_class, pg_attribute and pg_index rows of a system table; shared ones are listed in every database.
  void relation(const SystemTable& table) {
    class_row(table.oid, table.name, 'r', table.columns.size(), table.shared, !table.indexes.empty(), Oid{2},
              table.row_type);
    row_type(table, false);
    row_type(table, true);
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const SystemColumn& c = table.columns[i];
      attribute_row(table.oid, c.name, static_cast<int16_t>(i + 1), c.type, c.not_null);
    }
    for (const SystemIndex& index : table.indexes) {
      class_row(index.oid, index.name, 'i', index.columns.size(), table.shared, false, Oid{403}, kInvalidOid);
      for (size_t i = 0; i < index.columns.size(); ++i) {
        const SystemColumn& c = table.columns[index.columns[i]];
        attribute_row(index.oid, c.name, static_cast<int16_t>(i + 1), c.type, false);
      }
      index_row(table, index);
    }
  }

  // The type of a system table's rows, or of arrays of them.
  void row_type(const SystemTable& table, bool is_array) {
    RowDraft row(system_table("pg_type"));
    row.oid("oid", is_array ? table.row_array_type : table.row_type).oid("typnamespace", kPgCatalogSchema);
    row.text("typname", fmt::format("{}{}", is_array ? "_" : "", table.name)).oid("typowner", owner_);
    row.int2("typlen", -1).text("typtype", is_array ? "b" : "c").text("typcategory", is_array ? "A" : "C");
    row.boolean("typisdefined", true).text("typdelim", ",").text("typalign", "d").text("typstorage", "x");
    row.int4("typtypmod", -1);
    if (is_array)
      row.oid("typelem", table.row_type);
    else
      row.oid("typrelid", table.oid).oid("typarray", table.row_array_type);
    std::string_view prefix = is_array ? "array_" : "record_";
    row.text("typinput", fmt::format("{}in", prefix)).text("typoutput", fmt::format("{}out", prefix));
    row.text("typreceive", fmt::format("{}recv", prefix)).text("typsend", fmt::format("{}send", prefix));
    catalog_.insert(row);
  }

  void class_row(Oid oid, std::string_view name, char kind, size_t columns, bool shared, bool has_index,
                 Oid am, Oid row_type) {
    RowDraft row(system_table("pg_class"));
    row.oid("oid", oid).text("relname", name).oid("relnamespace", kPgCatalogSchema).oid("relowner", owner_);
    row.oid("reltype", row_type)
        .oid("relam", am)
        .oid("relfilenode", Oid{0})
        .oid("reltablespace", shared ? Oid{1664} : Oid{0});
    row.float4("reltuples", -1).boolean("relhasindex", has_index).boolean("relisshared", shared);
    row.text("relpersistence", "p")
        .text("relkind", std::string(1, kind))
        .int2("relnatts", static_cast<int16_t>(columns));
    row.boolean("relispopulated", true).text("relreplident", "n");
    catalog_.insert(row);
  }

  void attribute_row(Oid relation, std::string_view name, int16_t number, Oid type, bool not_null) {
    RowDraft row(system_table("pg_attribute"));
    const TypeInfo* info = functions::type_by_oid(type);
    row.oid("attrelid", relation).text("attname", name).oid("atttypid", type).int4("attstattarget", -1);
    row.int2("attlen", info != nullptr ? info->length : int16_t{-1})
        .int2("attnum", number)
        .int4("attcacheoff", -1);
    row.int4("atttypmod", -1).boolean("attbyval", info != nullptr && info->by_value);
    row.text("attalign", info != nullptr ? std::string(1, info->alignment) : "i");
    row.text("attstorage", info != nullptr && info->length != -1 ? "p" : "x").boolean("attnotnull", not_null);
    row.text("attidentity", "")
        .text("attgenerated", "")
        .text("attcompression", "")
        .boolean("attislocal", true);
    row.oid("attcollation", info != nullptr && info->collatable ? kCCollation : kInvalidOid);
    catalog_.insert(row);
  }

  void index_row(const SystemTable& table, const SystemIndex& index) {
    RowDraft row(system_table("pg_index"));
    auto n = static_cast<int16_t>(index.columns.size());
    std::string keys, zeros, collations;
    for (uint16_t column : index.columns) {
      std::string_view space = keys.empty() ? "" : " ";
      const TypeInfo* info = functions::type_by_oid(table.columns[column].type);
      keys += fmt::format("{}{}", space, column + 1);
      zeros += fmt::format("{}0", space);
      collations += fmt::format("{}{}", space, info != nullptr && info->collatable ? kCCollation.value() : 0);
    }
    row.oid("indexrelid", index.oid).oid("indrelid", table.oid).int2("indnatts", n).int2("indnkeyatts", n);
    row.boolean("indisunique", index.unique)
        .boolean("indisprimary", index.primary)
        .boolean("indimmediate", true);
    row.boolean("indisvalid", true).boolean("indisready", true).boolean("indislive", true);
    row.text("indkey", keys)
        .text("indcollation", collations)
        .text("indclass", zeros)
        .text("indoption", zeros);
    catalog_.insert(row);
  }

  Catalog& catalog_;
  Oid owner_;
  bool with_shared_;
};

namespace {

// As an access list has it, within a quoted element of an array.
std::string quoted_role(std::string_view name) {
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain) return std::string(name);
  std::string out = "\\\"";
  for (char c : name) {
    if (c == '"')
      out += "\\\"\\\"";
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out + "\\\"";
}

// Those that initdb makes. Nobody connects to template0: it stays as it was made.
void insert_database(Catalog& catalog, Oid oid, std::string_view name, bool is_template, Oid owner,
                     std::string_view owner_name) {
  RowDraft row(system_table("pg_database"));
  row.oid("oid", oid)
      .text("datname", name)
      .oid("datdba", owner)
      .int4("encoding", 6)
      .text("datlocprovider", "c");
  row.boolean("datistemplate", is_template)
      .boolean("datallowconn", oid != kTemplate0)
      .int4("datconnlimit", -1);
  row.oid("dattablespace", Oid{1663}).text("datcollate", "C.UTF-8").text("datctype", "C.UTF-8");
  if (is_template) {
    std::string role = quoted_role(owner_name);
    row.text("datacl", fmt::format("{{\"=c/{0}\",\"{0}=CTc/{0}\"}}", role));
  }
  catalog.insert(row);
}

void insert_superuser(Catalog& catalog, std::string_view name) {
  RowDraft row(system_table("pg_authid"));
  row.oid("oid", kBootstrapSuperuser).text("rolname", name).int4("rolconnlimit", -1);
  for (std::string_view right : {"rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcanlogin",
                                 "rolreplication", "rolbypassrls"}) {
    row.boolean(right, true);
  }
  catalog.insert(row);
}

}  // namespace

Status bootstrap_data_directory(txn::TxnManager& txns, std::string_view owner) {
  auto create = [&](auto&& work) {
    auto txn = txns.begin(txn::Isolation::kReadCommitted, nullptr);
    work(*txn);
    return txns.pool().log().flush(txns.commit(*txn));
  };
  try {
    VARVE_RETURN_IF_ERROR(create([&](txn::Transaction& txn) {
      auto map = access::create_heap(txns, txn);
      check_ok(map.status());
      VARVE_CHECK(*map == kSegmentMap);
    }));
    // Committed on its own: a database reads its segment map with a transaction of its own.
    VARVE_RETURN_IF_ERROR(create([&](txn::Transaction& txn) {
      create_system_segments(txn, kInvalidOid, true);
      for (Oid db : kInitialDatabases) create_system_segments(txn, db, false);
    }));
    for (Oid db : kInitialDatabases) {
      Database database(txns, db);
      VARVE_RETURN_IF_ERROR(create([&](txn::Transaction& txn) {
        Catalog catalog(database, txn);
        bool first = db == kTemplate1;
        Bootstrap(catalog, kBootstrapSuperuser, first).fill();
        if (first) {
          insert_superuser(catalog, owner);
          insert_database(catalog, kTemplate1, "template1", true, kBootstrapSuperuser, owner);
          insert_database(catalog, kTemplate0, "template0", true, kBootstrapSuperuser, owner);
          insert_database(catalog, kPostgresDatabase, "postgres", false, kBootstrapSuperuser, owner);
        }
      }));
    }
  } catch (const SqlError& e) {
    return {StatusCode::kInvalid, e.what()};
  }
  return {};
}

}  // namespace varve::catalog
