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
