# DBI with DBD::Pg: its catalog methods, bytea, arrays, savepoints, COPY, notifications.
use strict;
use warnings;
use DBI;
use DBD::Pg;
my ($port, $user, $database) = @ARGV;
my $h = DBI->connect("dbi:Pg:host=127.0.0.1;port=$port;dbname=$database", $user, "",
                     {RaiseError => 0, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1}) or die $DBI::errstr;
binmode STDOUT, ":utf8";
$h->do("CREATE TABLE a (id serial PRIMARY KEY, t text NOT NULL DEFAULT 'x', n numeric(10,2), l int[], b bytea, ts timestamptz)");
$h->do("CREATE TABLE b (x int REFERENCES a(id) ON DELETE CASCADE, UNIQUE (x))");
$h->do("CREATE INDEX a_t ON a (lower(t))");
my $insert = $h->prepare("INSERT INTO a (t, n, l, b) VALUES (?, ?, ?, ?) RETURNING id");
$insert->bind_param(4, "", {pg_type => DBD::Pg::PG_BYTEA()});
print $insert->execute("h\x{e9}", 1.5, [1, 2, 3], "\0\1"), ":", $insert->fetch()->[0], "\n";
print $h->last_insert_id(undef, undef, "a", undef), "\n";
my $rows = $h->selectall_arrayref("SELECT id, t, n, l, length(b) FROM a");
print join("|", map { ref $_ ? "[@$_]" : $_ } @{$rows->[0]}), "\n";
for my $call (["table_info", undef, "public", "%", "TABLE"], ["column_info", undef, "public", "a", "%"], ["primary_key_info", undef, undef, "a"],
              ["foreign_key_info", undef, undef, "a", undef, undef, "b"], ["statistics_info", undef, undef, "a", 0, 0]) {
  my ($method, @args) = @$call;
  my $found = $h->$method(@args) or do { print "$method: $DBI::errstr\n"; next };
  while (my $row = $found->fetchrow_hashref) {
    print "$method ", join(",", map { "$_=" . ($row->{$_} // "-") } sort grep { !/(CAT|PAGES|CARDINALITY|oid)/ } keys %$row), "\n";
  }
}
my $all = $h->prepare("SELECT * FROM a");
$all->execute;
print join(" ", map { join(",", map { $_ // "-" } @{$all->{$_}}) } qw(NAME TYPE PRECISION NULLABLE)), "\n";
$h->do("SELECT 1 / 0");
print $h->state, " ", $h->errstr, "\n";
$h->begin_work;
$h->do("INSERT INTO a (t) VALUES ('q')");
$h->pg_savepoint("s");
$h->do("INSERT INTO a (id) VALUES (1)");
print $h->state, "\n";
$h->pg_rollback_to("s");
$h->commit;
$h->do("COPY a (t) FROM STDIN");
$h->pg_putcopydata("line $_\n") for 1 .. 5;
$h->pg_putcopyend;
print $h->selectrow_array("SELECT count(*) FROM a"), "\n";
$h->do("LISTEN channel");
$h->do("NOTIFY channel, 'text'");
my $notice = $h->pg_notifies;
print "$notice->[0] $notice->[2]\n";
