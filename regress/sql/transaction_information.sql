-- What functions tell of connections and transactions.
SELECT current_query();
SELECT current_query() = 'x' AS other, length(current_query());
SELECT inet_client_addr(), inet_server_addr(), inet_client_port() > 0 AS client_port, inet_server_port() > 0 AS server_port;
SELECT client_addr, client_hostname, client_port = inet_client_port() AS port FROM pg_stat_activity WHERE pid = pg_backend_pid();
SELECT pg_blocking_pids(pg_backend_pid()), pg_blocking_pids(0), pg_blocking_pids(NULL);
SELECT pg_notification_queue_usage();
BEGIN;
SELECT pg_current_xact_id_if_assigned() IS NULL AS none;
SELECT pg_current_xact_id() = pg_current_xact_id_if_assigned() AS same, txid_current() = txid_current_if_assigned() AS old_name;
SELECT pg_xact_status(pg_current_xact_id()), txid_status(txid_current());
SELECT pg_current_snapshot()::text = txid_current_snapshot()::text AS same,
       pg_visible_in_snapshot(pg_current_xact_id(), pg_current_snapshot()) AS sees_itself,
       pg_snapshot_xmax(pg_current_snapshot()) >= pg_snapshot_xmin(pg_current_snapshot()) AS ordered;
SELECT age(pg_current_xact_id()::xid), age('0'::xid), age('1'::xid), age('2'::xid), age(NULL::xid);
SELECT pg_current_xact_id()::text::bigint AS mine \gset
COMMIT;
SELECT pg_xact_status(:'mine'::xid8);
SELECT pg_visible_in_snapshot(:'mine'::xid8, pg_current_snapshot());
SELECT age(:'mine'::xid) > 0 AS older;
SELECT pg_xact_status('9000000000000000000'::xid8);
SELECT txid_status(9000000000000000000);
SELECT pg_xact_status(NULL), txid_status(NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_current_snapshot() AS before \gset
SELECT pg_current_snapshot()::text = :'before' AS unchanged;
ROLLBACK;
BEGIN;
SELECT pg_current_xact_id()::text::bigint AS mine \gset
ROLLBACK;
SELECT pg_xact_status(:'mine'::xid8);
