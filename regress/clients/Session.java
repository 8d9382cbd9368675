import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

/** What applications do through JDBC: prepared statements, batches, metadata, cursors, COPY, transactions, types. */
public class Session {
  static int checks = 0;

  static void check(boolean ok, String what) {
    checks++;
    if (!ok) throw new AssertionError(what);
  }

  static void same(Object expected, Object actual, String what) {
    check(Objects.equals(expected, actual), what + ": expected " + expected + ", got " + actual);
  }

  interface Part {
    void run(Connection c) throws Exception;
  }

  static int failures = 0;

  static void part(String name, Connection c, Part body) {
    try {
      body.run(c);
      System.out.println("ok " + name);
    } catch (Throwable t) {
      failures++;
      System.out.println("FAILED " + name + ": " + t);
    }
    try {
      if (!c.getAutoCommit()) {
        c.rollback();
        c.setAutoCommit(true);
      }
    } catch (SQLException e) {
      System.out.println("   and " + e);
    }
  }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", "postgres");
    properties.setProperty("prepareThreshold", "2");
    try (Connection c = DriverManager.getConnection(args[0], properties)) {
      try (Statement s = c.createStatement()) {
        s.execute("DROP TABLE IF EXISTS j");
        s.execute("CREATE TABLE j (id int PRIMARY KEY, name text, n numeric(12,3), f float8, b boolean, d date,"
            + " ts timestamp, tz timestamptz, big bigint, raw bytea, u uuid)");
      }
      part("insert and read all types", c, Session::types);
      part("prepared many times", c, Session::preparedManyTimes);
      part("batch", c, Session::batch);
      part("generated keys", c, Session::generatedKeys);
      part("transactions", c, Session::transactions);
      part("errors", c, Session::errors);
      part("cursor fetch", c, Session::cursorFetch);
      part("metadata", c, Session::metadata);
      part("catalogs and schemas", c, Session::schemas);
      part("tables and columns", c, Session::tablesAndColumns);
      part("keys and indexes", c, Session::keysAndIndexes);
      part("types and functions", c, Session::typesAndFunctions);
      part("privileges", c, Session::privileges);
      part("arrays", c, Session::arrays);
      part("generated keys of a prepared statement", c, Session::preparedGeneratedKeys);
      part("batch that fails", c, Session::failingBatch);
      part("nested savepoints", c, Session::nestedSavepoints);
      part("large fetch", c, Session::largeFetch);
      part("updatable result set", c, Session::updatableResultSet);
      part("null parameters", c, Session::nulls);
      part("copy", c, Session::copy);
      part("savepoints", c, Session::savepoints);
      part("cancel", c, Session::cancel);
    }
    System.out.println(checks + " checks");
    System.exit(failures == 0 ? 0 : 1);
  }

  static void types(Connection c) throws Exception {
    UUID uuid = UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    Timestamp ts = Timestamp.valueOf("2024-02-29 13:45:10.123456");
    for (int round = 0; round < 5; round++) {  // later rounds use server-side statements and binary transfer
      try (PreparedStatement p = c.prepareStatement("INSERT INTO j VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
        p.setInt(1, round);
        p.setString(2, "näme " + round);
        p.setBigDecimal(3, new BigDecimal("12345.678"));
        p.setDouble(4, 1.0 / 3);
        p.setBoolean(5, round % 2 == 0);
        p.setDate(6, java.sql.Date.valueOf("2024-02-29"));
        p.setTimestamp(7, ts);
        p.setTimestamp(8, ts);
        p.setLong(9, Long.MIN_VALUE);
        p.setBytes(10, new byte[] {0, 1, (byte) 255});
        p.setObject(11, uuid);
        same(1, p.executeUpdate(), "rows inserted");
      }
    }
    try (PreparedStatement p = c.prepareStatement("SELECT * FROM j WHERE id = ?")) {
      for (int round = 0; round < 5; round++) {
        p.setInt(1, round);
        try (ResultSet r = p.executeQuery()) {
          check(r.next(), "a row");
          same(round, r.getInt("id"), "int");
          same("näme " + round, r.getString("name"), "text");
          same(new BigDecimal("12345.678"), r.getBigDecimal("n"), "numeric");
          same(1.0 / 3, r.getDouble("f"), "float8");
          same(round % 2 == 0, r.getBoolean("b"), "boolean");
          same("2024-02-29", r.getDate("d").toString(), "date");
          same(ts, r.getTimestamp("ts"), "timestamp");
          same(ts, r.getTimestamp("tz"), "timestamptz");
          same(Long.MIN_VALUE, r.getLong("big"), "bigint");
          check(Arrays.equals(new byte[] {0, 1, (byte) 255}, r.getBytes("raw")), "bytea");
          same(uuid, r.getObject("u"), "uuid");
          check(!r.next(), "one row");
        }
      }
    }
  }

  static void preparedManyTimes(Connection c) throws Exception {
    try (PreparedStatement p = c.prepareStatement("SELECT ? + 1, upper(?), ?::numeric * 2")) {
      for (int i = 0; i < 50; i++) {
        p.setInt(1, i);
        p.setString(2, "a" + i);
        p.setBigDecimal(3, new BigDecimal(i + ".5"));
        try (ResultSet r = p.executeQuery()) {
          r.next();
          same(i + 1, r.getInt(1), "sum");
          same("A" + i, r.getString(2), "upper");
          same(new BigDecimal(2 * i + 1 + ".0"), r.getBigDecimal(3), "product");
        }
      }
    }
  }

  static void batch(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (PreparedStatement p = c.prepareStatement("INSERT INTO j (id, name) VALUES (?, ?)")) {
      for (int i = 100; i < 1100; i++) {
        p.setInt(1, i);
        p.setString(2, "batch");
        p.addBatch();
      }
      same(1000, p.executeBatch().length, "batch size");
    }
    c.commit();
    c.setAutoCommit(true);
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT count(*) FROM j WHERE name = 'batch'")) {
      r.next();
      same(1000L, r.getLong(1), "rows of the batch");
    }
  }

  static void generatedKeys(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE IF EXISTS k");
      s.execute("CREATE TABLE k (id serial PRIMARY KEY, v text)");
      same(2, s.executeUpdate("INSERT INTO k (v) VALUES ('a'), ('b')", Statement.RETURN_GENERATED_KEYS), "rows");
      try (ResultSet r = s.getGeneratedKeys()) {
        check(r.next() && r.getInt("id") == 1 && r.next() && r.getInt("id") == 2, "keys");
      }
      s.execute("DROP TABLE k");
    }
  }

  static void transactions(Connection c) throws Exception {
    c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    same(Connection.TRANSACTION_REPEATABLE_READ, c.getTransactionIsolation(), "isolation");
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.executeUpdate("UPDATE j SET name = 'changed' WHERE id = 1");
    }
    c.rollback();
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT name FROM j WHERE id = 1")) {
      r.next();
      same("näme 1", r.getString(1), "after rollback");
    }
    c.commit();
    c.setAutoCommit(true);
    c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
  }

  static void errors(Connection c) throws Exception {
    String[][] cases = {{"SELECT 1/0", "22012"}, {"SELECT nosuch", "42703"}, {"INSERT INTO j (id) VALUES (1)", "23505"},
        {"SELECT * FROM nosuch", "42P01"}, {"SELEC 1", "42601"}};
    for (String[] one : cases) {
      try (Statement s = c.createStatement()) {
        s.execute(one[0]);
        check(false, one[0] + " succeeded");
      } catch (SQLException e) {
        same(one[1], e.getSQLState(), one[0]);
      }
    }
    check(c.isValid(5), "the connection is valid");
  }

  static void cursorFetch(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (PreparedStatement p = c.prepareStatement("SELECT g FROM generate_series(1, 5000) g")) {
      p.setFetchSize(70);
      long sum = 0, rows = 0;
      try (ResultSet r = p.executeQuery()) {
        while (r.next()) {
          sum += r.getInt(1);
          rows++;
        }
      }
      same(5000L, rows, "rows");
      same(12502500L, sum, "sum");
    }
    c.commit();
    try (Statement s = c.createStatement()) {
      s.execute("PREPARE many AS SELECT g FROM generate_series(1, 1000) g");
      for (String command : new String[] {"EXECUTE many", "SELECT g FROM generate_series(1, 1000) g"}) {
        try (PreparedStatement p = c.prepareStatement(command)) {
          p.setFetchSize(7);
          long sum = 0;
          try (ResultSet r = p.executeQuery()) {
            while (r.next()) sum += r.getInt(1);
          }
          same(500500L, sum, command + " in parts");
        }
      }
      for (String command : new String[] {"EXECUTE many", "SHOW ALL", "EXPLAIN SELECT 1 FROM j a, j b ORDER BY 1"}) {
        try (PreparedStatement p = c.prepareStatement(command)) {
          p.setMaxRows(2);
          int rows = 0;
          try (ResultSet r = p.executeQuery()) {
            while (r.next()) rows++;
          }
          same(2, rows, command + " with a row limit");
        }
      }
      s.execute("DEALLOCATE many");
    }
    c.commit();
    c.setAutoCommit(true);
  }

  static void metadata(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    same("PostgreSQL", m.getDatabaseProductName(), "product");
    try (ResultSet r = m.getTables(null, "public", "j", new String[] {"TABLE"})) {
      check(r.next(), "the table is listed");
      same("j", r.getString("TABLE_NAME"), "table name");
    }
    try (ResultSet r = m.getColumns(null, "public", "j", "n")) {
      check(r.next(), "the column is listed");
      same(Types.NUMERIC, r.getInt("DATA_TYPE"), "type");
      same(12, r.getInt("COLUMN_SIZE"), "precision");
      same(3, r.getInt("DECIMAL_DIGITS"), "scale");
    }
    try (ResultSet r = m.getPrimaryKeys(null, "public", "j")) {
      check(r.next(), "a primary key");
      same("id", r.getString("COLUMN_NAME"), "key column");
    }
    try (PreparedStatement p = c.prepareStatement("SELECT id, name, n FROM j WHERE id = ?")) {
      ResultSetMetaData rm = p.getMetaData();
      same(3, rm.getColumnCount(), "columns");
      same("int4", rm.getColumnTypeName(1), "type name");
      same("name", rm.getColumnName(2), "column name");
      same(1, p.getParameterMetaData().getParameterCount(), "parameters");
    }
  }

  static List<String> column(ResultSet r, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    while (r.next()) values.add(r.getString(name));
    r.close();
    return values;
  }

  static void schemas(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    check(column(m.getSchemas(), "TABLE_SCHEM").containsAll(List.of("information_schema", "pg_catalog", "public")), "schemas");
    same(List.of("public"), column(m.getSchemas(null, "pub%"), "TABLE_SCHEM"), "schemas by pattern");
    check(column(m.getCatalogs(), "TABLE_CAT").contains("postgres"), "catalogs");
    check(column(m.getTableTypes(), "TABLE_TYPE").containsAll(List.of("TABLE", "VIEW", "SEQUENCE", "INDEX")), "table types");
    same("public", c.getSchema(), "schema");
    same(15, m.getDatabaseMajorVersion(), "major version");
    same("postgres", m.getUserName(), "user");
    check(m.getSQLKeywords().contains("analyse"), "keywords");
    same(63, m.getMaxColumnNameLength(), "longest name");
    same(Connection.TRANSACTION_READ_COMMITTED, m.getDefaultTransactionIsolation(), "default isolation");
  }

  static void tablesAndColumns(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.execute("DROP VIEW IF EXISTS jv; DROP TABLE IF EXISTS jt");
      s.execute("CREATE TABLE jt (id serial PRIMARY KEY, v varchar(30) DEFAULT 'x' NOT NULL, a int[], c char(5), t time(3),"
          + " i bigint GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS (1) STORED)");
      s.execute("COMMENT ON TABLE jt IS 'remark'; COMMENT ON COLUMN jt.v IS 'of v'; CREATE VIEW jv AS SELECT id, v FROM jt");
    }
    DatabaseMetaData m = c.getMetaData();
    try (ResultSet r = m.getTables(null, "public", "j_", null)) {
      List<String> found = new ArrayList<>();
      while (r.next()) found.add(r.getString("TABLE_NAME") + " " + r.getString("TABLE_TYPE") + " " + r.getString("REMARKS"));
      same(List.of("jt TABLE remark", "jv VIEW null"), found, "tables");
    }
    try (ResultSet r = m.getColumns(null, "public", "jt", "%")) {
      List<String> found = new ArrayList<>();
      while (r.next()) {
        found.add(r.getString("COLUMN_NAME") + " " + r.getInt("DATA_TYPE") + " " + r.getString("TYPE_NAME") + " "
            + r.getInt("COLUMN_SIZE") + " " + r.getInt("DECIMAL_DIGITS") + " " + r.getInt("NULLABLE") + " "
            + r.getString("COLUMN_DEF") + " " + r.getString("IS_AUTOINCREMENT") + " " + r.getString("IS_GENERATEDCOLUMN")
            + " " + r.getInt("ORDINAL_POSITION") + " " + r.getString("REMARKS"));
      }
      same(List.of("id 4 serial 10 0 0 nextval('jt_id_seq'::regclass) YES NO 1 null",
                   "v 12 varchar 30 0 0 'x'::character varying NO NO 2 of v", "a 2003 _int4 10 0 1 null NO NO 3 null",
                   "c 1 bpchar 5 0 1 null NO NO 4 null", "t 92 time 12 3 1 null NO NO 5 null",
                   "i -5 int8 19 0 0 null YES NO 6 null", "g 4 int4 10 0 1 1 NO YES 7 null"), found, "columns");
    }
  }

  static void keysAndIndexes(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE IF EXISTS jchild, jparent");
      s.execute("CREATE TABLE jparent (a int, b int, u text UNIQUE, PRIMARY KEY (b, a))");
      s.execute("CREATE TABLE jchild (x int PRIMARY KEY, pa int, pb int, FOREIGN KEY (pb, pa) REFERENCES jparent (b, a)"
          + " ON DELETE CASCADE ON UPDATE SET NULL)");
      s.execute("CREATE INDEX jchild_i ON jchild (pa DESC, (pb + 1))");
    }
    DatabaseMetaData m = c.getMetaData();
    try (ResultSet r = m.getPrimaryKeys(null, "public", "jparent")) {
      List<String> found = new ArrayList<>();
      while (r.next()) found.add(r.getString("COLUMN_NAME") + r.getInt("KEY_SEQ") + r.getString("PK_NAME"));
      same(List.of("b1jparent_pkey", "a2jparent_pkey"), found, "primary key");
    }
    for (ResultSet r : List.of(m.getImportedKeys(null, "public", "jchild"), m.getExportedKeys(null, "public", "jparent"),
                               m.getCrossReference(null, "public", "jparent", null, "public", "jchild"))) {
      List<String> found = new ArrayList<>();
      while (r.next()) {
        found.add(r.getString("PKTABLE_NAME") + "." + r.getString("PKCOLUMN_NAME") + " " + r.getString("FKTABLE_NAME") + "."
            + r.getString("FKCOLUMN_NAME") + " " + r.getInt("KEY_SEQ") + " " + r.getInt("UPDATE_RULE") + " "
            + r.getInt("DELETE_RULE") + " " + r.getString("FK_NAME") + " " + r.getString("PK_NAME"));
      }
      r.close();
      same(List.of("jparent.b jchild.pb 1 2 0 jchild_pb_pa_fkey jparent_pkey",
                   "jparent.a jchild.pa 2 2 0 jchild_pb_pa_fkey jparent_pkey"), found, "foreign key");
    }
    try (ResultSet r = m.getIndexInfo(null, "public", "jchild", false, true)) {
      List<String> found = new ArrayList<>();
      while (r.next()) {
        found.add(r.getString("INDEX_NAME") + " " + r.getBoolean("NON_UNIQUE") + " " + r.getInt("ORDINAL_POSITION") + " "
            + r.getString("COLUMN_NAME") + " " + r.getString("ASC_OR_DESC"));
      }
      same(List.of("jchild_pkey false 1 x A", "jchild_i true 1 pa D", "jchild_i true 2 ((pb + 1)) A"), found, "indexes");
    }
    same(List.of("x"), column(m.getBestRowIdentifier(null, "public", "jchild", DatabaseMetaData.bestRowSession, false), "COLUMN_NAME"),
         "best row identifier");
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE jchild, jparent");
    }
  }

  static void typesAndFunctions(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    check(column(m.getTypeInfo(), "TYPE_NAME").containsAll(List.of("int4", "text", "numeric", "timestamptz", "bool", "_int4")), "types");
    check(column(m.getFunctions(null, "pg_catalog", "upper"), "FUNCTION_NAME").contains("upper"), "functions");
    same(List.of(), column(m.getProcedures(null, "public", "nosuch"), "PROCEDURE_NAME"), "procedures");
    try (Statement s = c.createStatement()) {
      s.execute("CREATE OR REPLACE FUNCTION jf(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT a'");
    }
    same(List.of("jf"), column(m.getFunctions(null, "public", "jf"), "FUNCTION_NAME"), "own functions");
    same(List.of("returnValue", "a", "b"), column(m.getFunctionColumns(null, "public", "jf", null), "COLUMN_NAME"), "parameters");
    try (CallableStatement call = c.prepareCall("{? = call jf(?, ?)}")) {
      call.registerOutParameter(1, Types.INTEGER);
      call.setInt(2, 42);
      call.setString(3, "x");
      call.execute();
      same(42, call.getInt(1), "result of a call");
    }
    try (Statement s = c.createStatement()) {
      s.execute("DROP FUNCTION jf(int, text)");
    }
  }

  static void privileges(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    check(column(m.getTablePrivileges(null, "public", "jt"), "PRIVILEGE").containsAll(List.of("SELECT", "INSERT", "TRUNCATE")), "of a table");
    check(column(m.getColumnPrivileges(null, "public", "jt", "v"), "PRIVILEGE").contains("UPDATE"), "of a column");
  }

  static void arrays(Connection c) throws Exception {
    for (int round = 0; round < 4; round++) {
      try (PreparedStatement p = c.prepareStatement("SELECT ?::int[], ?::text[], array_length(?::float8[], 1)")) {
        p.setArray(1, c.createArrayOf("int4", new Integer[] {1, null, 3}));
        p.setArray(2, c.createArrayOf("text", new String[] {"a,b", "\"quoted\"", "", null}));
        p.setArray(3, c.createArrayOf("float8", new Double[] {1.5, 2.5}));
        try (ResultSet r = p.executeQuery()) {
          r.next();
          check(Arrays.equals(new Integer[] {1, null, 3}, (Integer[]) r.getArray(1).getArray()), "int[]");
          check(Arrays.equals(new String[] {"a,b", "\"quoted\"", "", null}, (String[]) r.getArray(2).getArray()), "text[]");
          same(2, r.getInt(3), "length");
          same(Types.INTEGER, r.getArray(1).getBaseType(), "base type");
        }
      }
    }
    try (PreparedStatement p = c.prepareStatement("SELECT count(*) FROM generate_series(1, 10) g WHERE g = ANY (?)")) {
      p.setArray(1, c.createArrayOf("int4", new Integer[] {2, 4, 99}));
      try (ResultSet r = p.executeQuery()) {
        r.next();
        same(2, r.getInt(1), "rows by array");
      }
    }
  }

  static void preparedGeneratedKeys(Connection c) throws Exception {
    try (PreparedStatement p = c.prepareStatement("INSERT INTO jt (v) VALUES (?)", new String[] {"id", "g"})) {
      for (String v : List.of("one", "two")) {
        p.setString(1, v);
        p.addBatch();
      }
      p.executeBatch();
      try (ResultSet r = p.getGeneratedKeys()) {
        check(r.next() && r.getInt("id") == 1 && r.getInt("g") == 1 && r.next() && r.getInt("id") == 2 && !r.next(), "keys");
      }
    }
  }

  static void failingBatch(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.addBatch("INSERT INTO jt (v) VALUES ('three')");
      s.addBatch("INSERT INTO jt (id, v) VALUES (1, 'again')");
      s.addBatch("INSERT INTO jt (v) VALUES ('four')");
      s.executeBatch();
      check(false, "the batch succeeded");
    } catch (BatchUpdateException e) {
      same("23505", e.getSQLState(), "state");
    }
    c.rollback();
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT count(*) FROM jt")) {
      r.next();
      same(2, r.getInt(1), "rows afterwards");
    }
    c.commit();
  }

  static void nestedSavepoints(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.executeUpdate("INSERT INTO jt (v) VALUES ('outer')");
      Savepoint first = c.setSavepoint();
      s.executeUpdate("INSERT INTO jt (v) VALUES ('inner')");
      Savepoint second = c.setSavepoint("named");
      try {
        s.executeUpdate("INSERT INTO nosuch VALUES (1)");
        check(false, "an error");
      } catch (SQLException e) {
        same("42P01", e.getSQLState(), "state");
      }
      c.rollback(second);
      s.executeUpdate("INSERT INTO jt (v) VALUES ('after')");
      c.releaseSavepoint(first);
      c.commit();
      try (ResultSet r = s.executeQuery("SELECT string_agg(v, ',' ORDER BY id) FROM jt WHERE id > 2 AND v <> 'four'")) {
        r.next();
        same("outer,inner,after", r.getString(1), "rows");
      }
    }
    c.commit();
  }

  static void largeFetch(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (PreparedStatement p = c.prepareStatement("SELECT g, repeat('x', g % 50), g::numeric / 7 FROM generate_series(1, ?) g",
                                                  ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      p.setFetchSize(1000);
      p.setInt(1, 30000);
      long sum = 0, length = 0;
      try (ResultSet r = p.executeQuery()) {
        while (r.next()) {
          sum += r.getInt(1);
          length += r.getString(2).length();
          if (sum % 1000 == 0) r.getBigDecimal(3);
        }
      }
      same(450015000L, sum, "sum");
      same(735000L, length, "length");
    }
    c.commit();
  }

  static void updatableResultSet(Connection c) throws Exception {
    try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
         ResultSet r = s.executeQuery("SELECT id, v FROM jt ORDER BY id")) {
      check(r.absolute(2), "second row");
      r.updateString("v", "changed");
      r.updateRow();
      check(r.first(), "first row");
      same("one", r.getString("v"), "first value");
    }
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT v FROM jt WHERE id = 2")) {
      r.next();
      same("changed", r.getString(1), "stored");
    }
  }

  static void nulls(Connection c) throws Exception {
    try (PreparedStatement p = c.prepareStatement("INSERT INTO j (id, name, n, d) VALUES (?, ?, ?, ?)")) {
      p.setInt(1, 5000);
      p.setNull(2, Types.VARCHAR);
      p.setNull(3, Types.NUMERIC);
      p.setObject(4, null);
      p.executeUpdate();
    }
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT name, n, d FROM j WHERE id = 5000")) {
      r.next();
      check(r.getString(1) == null && r.getBigDecimal(2) == null && r.getDate(3) == null && r.wasNull(), "nulls");
    }
  }

  static void copy(Connection c) throws Exception {
    org.postgresql.copy.CopyManager copy = c.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
    String data = "9001\tone\n9002\t\\N\n";
    same(2L, copy.copyIn("COPY j (id, name) FROM STDIN", new java.io.StringReader(data)), "rows in");
    java.io.StringWriter out = new java.io.StringWriter();
    same(2L, copy.copyOut("COPY (SELECT id, name FROM j WHERE id > 9000 ORDER BY id) TO STDOUT", out), "rows out");
    same(data, out.toString(), "data");
  }

  static void savepoints(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.executeUpdate("INSERT INTO j (id) VALUES (7001)");
      Savepoint savepoint = c.setSavepoint("sp");
      s.executeUpdate("INSERT INTO j (id) VALUES (7002)");
      c.rollback(savepoint);
      c.commit();
      try (ResultSet r = s.executeQuery("SELECT count(*) FROM j WHERE id IN (7001, 7002)")) {
        r.next();
        same(1, r.getInt(1), "rows");
      }
    }
    c.commit();
    c.setAutoCommit(true);
  }

  static void cancel(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.setQueryTimeout(1);
      s.execute("SELECT pg_sleep(60)");
      check(false, "not cancelled");
    } catch (SQLException e) {
      same("57014", e.getSQLState(), "cancel");
    }
    check(c.isValid(5), "the connection is valid");
  }
}
