// Makes the picture of one relation from its rows in pg_class, pg_attribute, pg_index, pg_constraint …
#include "catalog/relation.h"

#include <algorithm>
#include <mutex>

#include "access/btree.h"
#include "access/heap.h"
#include "access/row_layout.h"
#include "catalog/acl_column.h"
#include "catalog/catalog.h"
#include "catalog/partition.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "statistics.h"

namespace varve::catalog {

using types::Value;

ColumnNumber Relation::find_column(std::string_view column_name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].dropped && columns[i].name == column_name) return static_cast<ColumnNumber>(i + 1);
  }
  return 0;
}

const Index* Relation::primary_key() const {
  for (const Index& index : indexes) {
    if (index.primary) return &index;
  }
  return nullptr;
}

bool Relation::has_option(std::string_view option) const {
  std::string_view rest = options;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() <= option.size() || !line.starts_with(option) || line[option.size()] != '=') continue;
    std::string_view value = line.substr(option.size() + 1);
    return value == "true" || value == "on" || value == "yes" || value == "1";
  }
  return false;
}

namespace {

// Collations: the cached object of a pg_collation oid. "default" is the database's: bytes
// (docs/compatibility.md).
const types::Collation* collation_object(Catalog& catalog, Oid oid) {
  if (oid == kInvalidOid || oid == kDefaultCollation || oid == kCCollation) return nullptr;
  const types::Collation* found = nullptr;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  catalog.for_each(system_table("pg_collation"), match, [&](const Row& row) {
    if (row.letter("collprovider") == 'i') {
      found = &types::Collation::icu(row.text("colliculocale"), row.boolean("collisdeterministic"));
    }
  });
  return found;
}

std::string quoted_in_constant(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    if (c == '\'') out += c;  // inside a string constant
    out += c;
  }
  return out + '"';
}

// What an identity column draws from: the sequence that belongs to it.
std::string identity_default(Catalog& catalog, Oid table, ColumnNumber column) {
  constexpr uint32_t kPgClass = 1259;
  Oid sequence;
  const KeyMatch owner[] = {{"refclassid", Value::of_oid(kPgClass)},
                            {"refobjid", Value::of_oid(table.value())},
                            {"refobjsubid", Value::of_int32(column)}};
  catalog.for_each(system_table("pg_depend"), owner, [&](const Row& row) {
    if (row.letter("deptype") == 'i' && row.oid("classid").value() == kPgClass) sequence = row.oid("objid");
  });
  std::string sql;
  const KeyMatch self[] = {{"oid", Value::of_oid(sequence.value())}};
  catalog.for_each(system_table("pg_class"), self, [&](const Row& row) {
    sql = "nextval('" + quoted_in_constant(catalog.schema_name(row.oid("relnamespace"))) + "." +
          quoted_in_constant(row.text("relname")) + "'::regclass)";
  });
  return sql;
}

// Of a domain's column everything below the catalog sees the type underneath.
void flatten_type(Catalog& catalog, Column& c, int16_t length) {
  BaseType base = base_type(catalog, c.type, c.typmod);
  if (base.type == c.type) {
    // The type went with the column; what matters is how many bytes of each row to pass over.
    if (functions::type_by_oid(c.type) != nullptr || length < 0) return;
    c.type = length == 1   ? type_oid::kBool
             : length == 2 ? type_oid::kInt2
             : length == 4 ? type_oid::kInt4
             : length == 8 ? type_oid::kInt8
                           : type_oid::kUuid;
    return;
  }
  c.domain = c.type;
  c.type = base.type;
  c.typmod = base.typmod;
}

// Values of enums are read without a session when a picture is made.
class EnumNames final : public functions::SessionServices {
 public:
  explicit EnumNames(Catalog& catalog) : catalog_(catalog) {}
  std::string_view current_user_name() override { return {}; }
  std::string_view session_user_name() override { return {}; }
  std::string_view current_database() override { return {}; }
  uint32_t backend_pid() override { return 0; }
  int64_t clock_us() override { return 0; }
  int64_t statement_start_us() override { return 0; }
  Value call(std::string_view function, std::span<const Value> args, Arena&) override {
    if (function == "enum_in") {
      UserTypePtr type = user_type(catalog_, Oid{args[0].oid()});
      for (const EnumLabel& l : type->labels) {
        if (l.label == args[1].view()) return Value::of_float32(l.order);
      }
    }
    throw SqlError(sqlstate::kInternalError, "a stored default cannot be read");
  }
  uint32_t parse_reg(Oid, std::string_view) override { return 0; }
  void append_reg(Oid, uint32_t, std::string&) override {}

 private:
  Catalog& catalog_;
};

// A column that says no default of its own has its domain's.
void take_domain_defaults(Catalog& catalog, Relation& rel) {
  for (Column& c : rel.columns) {
    if (c.domain == kInvalidOid || c.has_default || c.dropped || c.identity != 0) continue;
    for (Oid domain = c.domain; domain != kInvalidOid;) {
      UserTypePtr type = user_type(catalog, domain);
      if (type == nullptr || type->kind != 'd') break;
      if (!type->default_sql.empty()) {
        c.has_default = true;
        c.default_sql = type->default_sql;
        break;
      }
      domain = type->base;
    }
  }
}

void load_columns(Catalog& catalog, Relation& rel) {
  const KeyMatch match[] = {{"attrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_attribute"), match, [&](const Row& row) {
    int16_t number = row.int2("attnum");
    if (number <= 0) return;
    if (rel.columns.size() < static_cast<size_t>(number)) rel.columns.resize(static_cast<size_t>(number));
    Column& c = rel.columns[static_cast<size_t>(number - 1)];
    c.name = row.text("attname");
    c.type = row.oid("atttypid");
    catalog.load_type(c.type);
    c.typmod = row.int4("atttypmod");
    if (functions::type_by_oid(c.type) == nullptr) flatten_type(catalog, c, row.int2("attlen"));
    c.collation = row.oid("attcollation");
    c.not_null = row.boolean("attnotnull");
    c.dropped = row.boolean("attisdropped");
    c.has_default = row.boolean("atthasdef");
    c.identity = row.letter("attidentity");
    c.generated = row.letter("attgenerated");
    c.missing = Value::null_of(functions::physical_type_of(c.type));
    if (row.boolean("atthasmissing")) {
      c.missing_bytes = row.text("attmissingval");
      // Kept as text: the column's own input function reads it.
      Arena arena;
      types::FormatSettings settings;
      EnumNames names(catalog);
      functions::EvalContext context{&arena, &settings, &names};
      c.missing = functions::parse_value(c.type, c.typmod, c.missing_bytes, context);
      if (c.missing.type == types::PhysicalType::kString) {
        c.missing_bytes = std::string(c.missing.view());
        c.missing = Value::of_string(std::string_view(c.missing_bytes));
      }
    }
  });
  const KeyMatch defaults[] = {{"adrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_attrdef"), defaults, [&](const Row& row) {
    auto number = static_cast<size_t>(row.int2("adnum"));
    if (number >= 1 && number <= rel.columns.size()) rel.columns[number - 1].default_sql = row.text("adbin");
  });
  for (size_t i = 0; i < rel.columns.size(); ++i) {
    if (rel.columns[i].identity != 0 && !rel.columns[i].dropped) {
      rel.columns[i].default_sql = identity_default(catalog, rel.oid, static_cast<ColumnNumber>(i + 1));
    }
  }
  take_domain_defaults(catalog, rel);
}

// When the version of a row was committed; at the end of time while it is not.
Csn committed_at(Catalog& catalog, Xid writer) {
  txn::XidStatus status = catalog.database().txns().xid_status(writer);
  return status.state == txn::XidState::kCommitted ? status.csn : kLastCsn;
}

void load_index(Catalog& catalog, Relation& rel, const Row& row) {
  Index index;
  index.oid = row.oid("indexrelid");
  index.unique = row.boolean("indisunique");
  index.primary = row.boolean("indisprimary");
  index.nulls_not_distinct = row.boolean("indnullsnotdistinct");
  index.immediate = row.boolean("indimmediate");
  index.valid = row.boolean("indisvalid");
  if (!rel.is_system) index.made = committed_at(catalog, row.writer());
  index.predicate_sql = row.text("indpred");
  auto columns = row.numbers("indkey");
  auto collations = row.numbers("indcollation");
  auto options = row.numbers("indoption");
  auto classes = row.numbers("indclass");
  std::vector<std::string> expressions = split_expressions(row.text("indexprs"));
  size_t keys = static_cast<size_t>(row.int2("indnkeyatts"));
  // Types of expression keys are those of the index's own columns.
  std::vector<Oid> key_types(columns.size());
  const KeyMatch attributes[] = {{"attrelid", Value::of_oid(index.oid.value())}};
  catalog.for_each(system_table("pg_attribute"), attributes, [&](const Row& attribute) {
    int16_t n = attribute.int2("attnum");
    if (n > 0 && static_cast<size_t>(n) <= key_types.size()) {
      key_types[static_cast<size_t>(n - 1)] = base_type(catalog, attribute.oid("atttypid"), -1).type;
    }
  });
  size_t next_expression = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i >= keys) {
      index.included.push_back(static_cast<ColumnNumber>(columns[i]));
      continue;
    }
    IndexColumn key;
    key.column = static_cast<ColumnNumber>(columns[i]);
    if (key.column == 0 && next_expression < expressions.size())
      key.expression_sql = expressions[next_expression++];
    key.type = key_types[i];
    key.collation_oid = Oid{static_cast<uint32_t>(collations[i])};
    key.collation = collation_object(catalog, key.collation_oid);
    key.descending = (options[i] & 1) != 0;
    key.nulls_first = (options[i] & 2) != 0;
    if (const auto* c = functions::inverted_class(Oid{static_cast<uint32_t>(classes[i])}))
      key.inverted = c->kind;
    else
      key.opclass = Oid{static_cast<uint32_t>(classes[i])};
    if (is_pattern_class(key.opclass)) key.collation = collation_object(catalog, kCCollation);
    index.keys.push_back(std::move(key));
  }
  const KeyMatch self[] = {{"oid", Value::of_oid(index.oid.value())}};
  catalog.for_each(system_table("pg_class"), self, [&](const Row& class_row) {
    index.name = class_row.text("relname");
    index.segment = PageId{class_row.oid("relfilenode").value()};
    index.method = class_row.oid("relam");
  });
  if (rel.is_system) index.segment = catalog.database().system_segment(index.oid);
  if (index.segment != kInvalidPageId) index.tree = catalog.database().btree(index.segment);
  if (rel.is_partition) {
    const KeyMatch inherits[] = {{"inhrelid", Value::of_oid(index.oid.value())}};
    catalog.for_each(system_table("pg_inherits"), inherits,
                     [&](const Row& r) { index.parent = r.oid("inhparent"); });
  }
  const KeyMatch constraint[] = {{"conrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_constraint"), constraint, [&](const Row& c) {
    char kind = c.letter("contype");
    if (c.oid("conindid") != index.oid || (kind != 'p' && kind != 'u' && kind != 'x')) return;
    index.constraint = c.oid("oid");
    index.initially_deferred = c.boolean("condeferred");
  });
  rel.indexes.push_back(std::move(index));
}

void load_indexes(Catalog& catalog, Relation& rel) {
  const KeyMatch match[] = {{"indrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_index"), match, [&](const Row& row) {
    // One in name only has no entries: nobody reads or fills it.
    if (row.boolean("indisready")) load_index(catalog, rel, row);
  });
  std::sort(rel.indexes.begin(), rel.indexes.end(),
            [](const Index& a, const Index& b) { return a.oid < b.oid; });
}

ForeignKey read_foreign_key(const Row& row) {
  ForeignKey key;
  key.oid = row.oid("oid");
  key.name = row.text("conname");
  key.table = row.oid("conrelid");
  key.referenced = row.oid("confrelid");
  for (int64_t n : row.numbers("conkey")) key.columns.push_back(static_cast<ColumnNumber>(n));
  for (int64_t n : row.numbers("confkey")) key.referenced_columns.push_back(static_cast<ColumnNumber>(n));
  key.on_update = row.letter("confupdtype");
  key.on_delete = row.letter("confdeltype");
  key.match = row.letter("confmatchtype");
  key.deferrable = row.boolean("condeferrable");
  key.initially_deferred = row.boolean("condeferred");
  key.validated = row.boolean("convalidated");
  for (int64_t n : row.numbers("confdelsetcols"))
    key.delete_set_columns.push_back(static_cast<ColumnNumber>(n));
  key.referenced_index = row.oid("conindid");
  key.parent = row.oid("conparentid");
  return key;
}

// The tables that a foreign key's parent (the row of pg_constraint that it is a part of) is between.
struct KeyTables {
  Oid referencing, referenced;
};
KeyTables key_tables(Catalog& catalog, Oid constraint) {
  KeyTables tables;
  const KeyMatch match[] = {{"oid", Value::of_oid(constraint.value())}};
  catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
    tables = {row.oid("conrelid"), row.oid("confrelid")};
  });
  return tables;
}

// A foreign key between partitioned tables is a row for itself, one for each referencing partition, and one
// for each referenced partition. A table checks its rows against the first or the second; what happens to a
// referenced row is looked up in the first or the third.
void load_constraints(Catalog& catalog, Relation& rel) {
  const SystemTable& pg_constraint = system_table("pg_constraint");
  const KeyMatch own[] = {{"conrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(pg_constraint, own, [&](const Row& row) {
    char kind = row.letter("contype");
    if (kind == 'c') {
      rel.checks.push_back({row.oid("oid"), std::string(row.text("conname")), std::string(row.text("conbin")),
                            row.boolean("connoinherit"), row.boolean("convalidated")});
    } else if (kind == 'f') {
      Oid parent = row.oid("conparentid");
      if (parent == kInvalidOid || key_tables(catalog, parent).referencing != rel.oid)
        rel.foreign_keys.push_back(read_foreign_key(row));
    }
  });
  // PostgreSQL checks CHECK constraints in order of their names.
  std::sort(rel.checks.begin(), rel.checks.end(),
            [](const CheckConstraint& a, const CheckConstraint& b) { return a.name < b.name; });
  if (rel.primary_key() == nullptr &&
      std::none_of(rel.indexes.begin(), rel.indexes.end(), [](const Index& i) { return i.unique; })) {
    return;  // nothing can refer to it
  }
  const KeyMatch others[] = {{"confrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(pg_constraint, others, [&](const Row& row) {
    Oid parent = row.oid("conparentid");
    if (parent == kInvalidOid || key_tables(catalog, parent).referenced != rel.oid)
      rel.referenced_by.push_back(read_foreign_key(row));
  });
}

// Arguments are kept as in PostgreSQL: each followed by a zero byte.
std::vector<std::string> split_arguments(std::string_view bytes) {
  std::vector<std::string> args;
  while (!bytes.empty()) {
    size_t end = std::min(bytes.find('\0'), bytes.size() - 1);
    args.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  return args;
}

void load_triggers(Catalog& catalog, Relation& rel) {
  const KeyMatch match[] = {{"tgrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_trigger"), match, [&](const Row& row) {
    Trigger t;
    t.oid = row.oid("oid");
    t.name = row.text("tgname");
    t.function = row.oid("tgfoid");
    t.type = row.int2("tgtype");
    t.enabled = row.letter("tgenabled");
    t.internal = row.boolean("tgisinternal");
    t.parent = row.oid("tgparentid");
    t.constraint = row.oid("tgconstraint");
    t.constraint_relation = row.oid("tgconstrrelid");
    t.deferrable = row.boolean("tgdeferrable");
    t.initially_deferred = row.boolean("tginitdeferred");
    for (int64_t n : row.numbers("tgattr")) t.columns.push_back(static_cast<ColumnNumber>(n));
    t.args = split_arguments(row.text("tgargs"));
    t.when_sql = row.text("tgqual");
    t.old_table = row.text("tgoldtable");
    t.new_table = row.text("tgnewtable");
    rel.triggers.push_back(std::move(t));
  });
  std::sort(rel.triggers.begin(), rel.triggers.end(),
            [](const Trigger& a, const Trigger& b) { return a.name < b.name; });
}

void load_policies(Catalog& catalog, Relation& rel) {
  const KeyMatch match[] = {{"polrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_policy"), match, [&](const Row& row) {
    Policy p;
    p.oid = row.oid("oid");
    p.name = row.text("polname");
    p.command = row.letter("polcmd");
    p.permissive = row.boolean("polpermissive");
    for (int64_t role : row.numbers("polroles")) p.roles.emplace_back(static_cast<uint32_t>(role));
    p.using_sql = row.text("polqual");
    p.check_sql = row.text("polwithcheck");
    rel.policies.push_back(std::move(p));
  });
  std::sort(rel.policies.begin(), rel.policies.end(),
            [](const Policy& a, const Policy& b) { return a.name < b.name; });
}

// A key column of a partitioned table: its type is that of the column, or of the expression as it was bound
// when the table was made, which stands before it ("<type oid> <expression>", one a line of partexprs).
void load_partition_key(Catalog& catalog, Relation& rel, Partitioning& p) {
  const KeyMatch match[] = {{"partrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_partitioned_table"), match, [&](const Row& row) {
    p.strategy = static_cast<PartitionStrategy>(row.letter("partstrat"));
    auto columns = row.numbers("partattrs");
    auto collations = row.numbers("partcollation");
    std::vector<std::string> expressions = split_expressions(row.text("partexprs"));
    size_t next_expression = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      PartitionKeyColumn key;
      key.column = static_cast<ColumnNumber>(columns[i]);
      key.collation_oid = Oid{static_cast<uint32_t>(collations[i])};
      if (key.column != 0) {
        key.type = rel.column(key.column).type;
      } else {
        const std::string& text = expressions.at(next_expression++);
        size_t space = text.find(' ');
        key.type = Oid{static_cast<uint32_t>(std::stoul(text.substr(0, space)))};
        catalog.load_type(key.type);
        key.expression_sql = text.substr(space + 1);
      }
      key.order = ordered_key_column(key.type, collation_object(catalog, key.collation_oid));
      p.keys.push_back(std::move(key));
    }
  });
}

void load_partitions(Catalog& catalog, Relation& rel) {
  auto p = std::make_shared<Partitioning>();
  load_partition_key(catalog, rel, *p);
  const KeyMatch match[] = {{"inhparent", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_inherits"), match, [&](const Row& row) {
    const KeyMatch self[] = {{"oid", Value::of_oid(row.oid("inhrelid").value())}};
    catalog.for_each(system_table("pg_class"), self, [&](const Row& child) {
      p->partitions.push_back({child.oid("oid"), parse_bound(child.text("relpartbound")), {}});
    });
  });
  Arena arena;
  types::FormatSettings settings;
  EnumNames names(catalog);
  functions::EvalContext context{&arena, &settings, &names};
  p->finish(context);
  rel.partitioning = std::move(p);
}

void load_inheritance(Catalog& catalog, Relation& rel, bool has_children) {
  const KeyMatch self[] = {{"inhrelid", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_inherits"), self,
                   [&](const Row& row) { rel.parents.push_back(row.oid("inhparent")); });
  if (rel.is_partitioned()) return load_partitions(catalog, rel);
  if (!has_children) return;
  const KeyMatch parent[] = {{"inhparent", Value::of_oid(rel.oid.value())}};
  catalog.for_each(system_table("pg_inherits"), parent,
                   [&](const Row& row) { rel.children.push_back(row.oid("inhrelid")); });
  std::sort(rel.children.begin(), rel.children.end());
}

// Tells the table and its indexes whose reads they note for SERIALIZABLE transactions. As in PostgreSQL,
// those of catalogs, temporary tables and materialized views are not noted.
void track_storage(Database& database, Relation& rel) {
  if (rel.is_system || rel.persistence == 't' || rel.kind != RelationKind::kTable || rel.heap == nullptr)
    return;
  // Several pictures of a relation share its storage; the first one that is loaded says it.
  static std::mutex mutex;
  std::lock_guard guard(mutex);
  const uint32_t in = database.oid().value();
  if (!rel.heap->tracked()) rel.heap->track({in, rel.oid, rel.oid, rel.segment});
  for (Index& index : rel.indexes) {
    if (index.tree != nullptr && !index.tree->tracked())
      index.tree->track({in, index.oid, rel.oid, index.segment});
  }
}

void open_storage(Database& database, Relation& rel) {
  std::vector<access::ColumnSpec> specs;
  for (const Column& c : rel.columns) specs.push_back({functions::physical_type_of(c.type), c.missing});
  rel.layout = std::make_shared<const access::RowLayout>(specs);
  if (rel.segment == kInvalidPageId) return;
  if (rel.kind == RelationKind::kTable || rel.kind == RelationKind::kMaterializedView) {
    rel.heap = database.heap(rel.segment, rel.access_method);
  }
  track_storage(database, rel);
}

}  // namespace

RelationPtr Catalog::load(Oid oid) {
  std::shared_ptr<Relation> rel;
  bool has_children = false;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  for_each(system_table("pg_class"), match, [&](const Row& row) {
    rel = std::make_shared<Relation>();
    rel->oid = oid;
    rel->name = row.text("relname");
    rel->schema = row.oid("relnamespace");
    rel->kind = static_cast<RelationKind>(row.letter("relkind"));
    rel->owner = row.oid("relowner");
    rel->row_type = row.oid("reltype");
    rel->of_type = row.oid("reloftype");
    rel->persistence = row.letter("relpersistence");
    rel->segment = PageId{row.oid("relfilenode").value()};
    rel->access_method = row.oid("relam");
    rel->tuples = row.float4("reltuples");
    rel->pages = row.int4("relpages");
    rel->acl = acl_column(row, "relacl");
    rel->is_partition = row.boolean("relispartition");
    rel->row_security = row.boolean("relrowsecurity");
    rel->force_row_security = row.boolean("relforcerowsecurity");
    rel->partition_bound = row.text("relpartbound");
    has_children = row.boolean("relhassubclass");
    if (!row.is_null("reloptions")) {
      Arena arena;
      functions::ArrayView options(row.text("reloptions"));
      for (uint32_t i = 0; i < options.count(); ++i) {
        Value option = options.at(i, arena);
        rel->options.append(option.view()).push_back('\n');
      }
    }
  });
  if (rel == nullptr) return nullptr;
  rel->schema_name = schema_name(rel->schema);
  if (find_system_table(oid) != nullptr) {
    rel->is_system = true;
    rel->segment = database_.system_segment(oid);
  }
  load_columns(*this, *rel);
  rel->statistics.resize(rel->columns.size());
  if (rel->is_table() || rel->kind == RelationKind::kMaterializedView) {
    load_statistics(*this, *rel);
    load_extended_statistics(*this, *rel);
  }
  if (rel->kind == RelationKind::kTable || rel->kind == RelationKind::kMaterializedView ||
      rel->kind == RelationKind::kPartitioned) {
    load_indexes(*this, *rel);
    load_constraints(*this, *rel);
  }
  if (rel->is_table() && !rel->is_system) load_inheritance(*this, *rel, has_children);
  if (rel->kind == RelationKind::kView || rel->kind == RelationKind::kMaterializedView) {
    const KeyMatch rule[] = {{"ev_class", Value::of_oid(oid.value())}};
    for_each(system_table("pg_rewrite"), rule,
             [&](const Row& row) { rel->view_sql = row.text("ev_action"); });
  }
  if (!rel->is_system && (rel->is_table() || rel->kind == RelationKind::kView)) load_triggers(*this, *rel);
  if (!rel->is_system && rel->is_table()) load_policies(*this, *rel);
  open_storage(database_, *rel);
  // What was known of its row type is out of date.
  if (functions::type_by_oid(rel->row_type) != nullptr && rel->row_type.value() >= kFirstNormalOid) {
    const KeyMatch type[] = {{"oid", Value::of_oid(rel->row_type.value())}};
    for_each(system_table("pg_type"), type, [&](const Row& row) { define_row_type(*rel, row); });
  }
  return rel;
}

RelationPtr readable_at(const RelationPtr& relation, Csn snapshot) {
  auto newer = [&](const Index& index) { return index.made > snapshot; };
  if (snapshot == kLastCsn || std::none_of(relation->indexes.begin(), relation->indexes.end(), newer))
    return relation;
  auto older = std::make_shared<Relation>(*relation);
  for (Index& index : older->indexes) index.too_new = newer(index);
  return older;
}

}  // namespace varve::catalog
