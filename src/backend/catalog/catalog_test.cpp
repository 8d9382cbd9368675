#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include "catalog/test_engine.h"
#include "functions/type_oids.h"

namespace varve::catalog {
namespace {

using types::Value;

uint64_t count_rows(Catalog& catalog, std::string_view table) {
  uint64_t n = 0;
  catalog.for_each(system_table(table), {}, [&](const Row&) { ++n; });
  return n;
}

TEST(CatalogTest, BootstrappedDatabaseKnowsItself) {
  TestEngine engine;
  auto txn = engine.begin();
  Catalog catalog(engine.database(), *txn);

  RelationPtr pg_class = catalog.find_relation(kPgCatalogSchema, "pg_class");
  ASSERT_NE(pg_class, nullptr);
  EXPECT_EQ(pg_class->oid, Oid{1259});
  EXPECT_TRUE(pg_class->is_system);
  EXPECT_EQ(pg_class->columns.size(), 33u);
  EXPECT_EQ(pg_class->columns[1].name, "relname");
  EXPECT_EQ(pg_class->columns[1].type, type_oid::kName);
  ASSERT_NE(pg_class->heap, nullptr);
  ASSERT_EQ(pg_class->indexes.size(), 3u);
  EXPECT_EQ(pg_class->primary_key()->name, "pg_class_oid_index");
  EXPECT_NE(pg_class->primary_key()->tree, nullptr);
  EXPECT_EQ(catalog.find_relation(kPublicSchema, "pg_class"), nullptr);

  EXPECT_EQ(catalog.find_schema("public"), kPublicSchema);
  EXPECT_EQ(catalog.schema_name(kPgCatalogSchema), "pg_catalog");
  auto role = catalog.find_role("postgres");
  ASSERT_TRUE(role.has_value());
  EXPECT_EQ(role->oid, kBootstrapSuperuser);
  EXPECT_TRUE(role->superuser);
  EXPECT_FALSE(catalog.find_role("nobody").has_value());
  auto database = catalog.find_database("postgres");
  ASSERT_TRUE(database.has_value());
  EXPECT_EQ(database->oid, kPostgresDatabase);

  const KeyMatch int4[] = {{"oid", Value::of_oid(23)}};
  int found = 0;
  catalog.for_each(system_table("pg_type"), int4, [&](const Row& row) {
    EXPECT_EQ(row.text("typname"), "int4");
    ++found;
  });
  EXPECT_EQ(found, 1);
  EXPECT_EQ(count_rows(catalog, "pg_authid"), 13u);  // the superuser and PostgreSQL's predefined roles
  engine.txns().rollback(*txn);
}

TEST(CatalogTest, ChangesAreTransactional) {
  TestEngine engine;
  auto insert = [](Catalog& catalog, std::string_view name) {
    RowDraft row(system_table("pg_namespace"));
    row.oid("oid", Database::new_oid()).text("nspname", name).oid("nspowner", kBootstrapSuperuser);
    catalog.insert(row);
  };
  {
    auto txn = engine.begin();
    Catalog catalog(engine.database(), *txn);
    insert(catalog, "lost");
    EXPECT_NE(catalog.find_schema("lost"), kInvalidOid);
    engine.txns().rollback(*txn);
  }
  {
    auto txn = engine.begin();
    Catalog catalog(engine.database(), *txn);
    EXPECT_EQ(catalog.find_schema("lost"), kInvalidOid);
    insert(catalog, "kept");
    engine.txns().commit(*txn);
    catalog.committed();
  }
  engine.reopen();
  auto txn = engine.begin();
  Catalog catalog(engine.database(), *txn);
  EXPECT_NE(catalog.find_schema("kept"), kInvalidOid);
  const KeyMatch match[] = {{"nspname", Value::of_string(std::string_view("kept"))}};
  catalog.for_each(system_table("pg_namespace"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_namespace"), row);
    draft.text("nspname", "renamed");
    catalog.update(row, draft);
  });
  EXPECT_EQ(catalog.find_schema("kept"), kInvalidOid);
  EXPECT_NE(catalog.find_schema("renamed"), kInvalidOid);
  const KeyMatch renamed[] = {{"nspname", Value::of_string(std::string_view("renamed"))}};
  EXPECT_EQ(catalog.remove_where(system_table("pg_namespace"), renamed), 1u);
  EXPECT_EQ(catalog.find_schema("renamed"), kInvalidOid);
  engine.txns().rollback(*txn);
}

}  // namespace
}  // namespace varve::catalog
