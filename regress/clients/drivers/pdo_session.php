<?php  // PDO and the pgsql extension: parameters, column descriptions, COPY, pg_insert and pg_select.
[, $port, $user, $database] = $argv;
$db = new PDO("pgsql:host=127.0.0.1;port=$port;dbname=$database", $user, "");
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$db->exec("CREATE TABLE t (id bigserial PRIMARY KEY, s text, b boolean, j jsonb, y bytea, n numeric)");
$insert = $db->prepare("INSERT INTO t (s, b, j, y, n) VALUES (:s, :b, :j, :y, :n) RETURNING id");
$insert->bindValue("s", "x'y");
$insert->bindValue("b", true, PDO::PARAM_BOOL);
$insert->bindValue("j", '{"a":[1]}');
$insert->bindValue("y", "\0\1", PDO::PARAM_LOB);
$insert->bindValue("n", "1.50");
$insert->execute();
echo json_encode($insert->fetchAll(PDO::FETCH_ASSOC)), $db->lastInsertId(), $db->lastInsertId("t_id_seq"), "\n";
$all = $db->query("SELECT * FROM t");
for ($i = 0; $i < 6; $i++) {
  $meta = $all->getColumnMeta($i);
  unset($meta["pgsql:table_oid"]);
  echo json_encode($meta), "\n";
}
$row = $all->fetch(PDO::FETCH_ASSOC);
$row["y"] = bin2hex(stream_get_contents($row["y"]));
echo json_encode($row), "\n";
try {
  $db->exec("SELECT * FROM nowhere");
} catch (PDOException $e) {
  echo $e->getMessage(), "\n";
}
$db->pgsqlCopyFromArray("t", ["10\tq\tt\t{}\t\\\\x00\t1"]);
echo json_encode($db->pgsqlCopyToArray("t")), "\n";
$scroll = $db->prepare("SELECT g FROM generate_series(1, 5) g", [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
$scroll->execute();
foreach ([PDO::FETCH_ORI_LAST, PDO::FETCH_ORI_PRIOR, PDO::FETCH_ORI_FIRST] as $where)
  echo $scroll->fetch(PDO::FETCH_NUM, $where)[0], " ";
$c = pg_connect("host=127.0.0.1 port=$port dbname=$database user=$user");
$result = pg_query_params($c, 'SELECT $1::int AS a, $2::text[] AS b', [1, "{a,b}"]);
echo json_encode(pg_fetch_assoc($result)), pg_field_type($result, 1), json_encode(pg_meta_data($c, "t")), "\n";
echo pg_insert($c, "t", ["s" => "inserted"]) ? "ok" : "no", json_encode(pg_select($c, "t", ["s" => "inserted"])), "\n";
