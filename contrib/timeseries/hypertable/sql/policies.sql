-- Policies: jobs of a hypertable. What they leave to a number of days or of integers is counted from now, or from what
-- the hypertable's integer_now_func says.
CREATE FUNCTION _timescaledb_functions.time_now(ht integer) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
  dim _timescaledb_catalog.dimension;
  result bigint;
BEGIN
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht);
  IF _timescaledb_functions.is_integer(dim.column_type) THEN
    EXECUTE format('SELECT %I.%I()::bigint', dim.integer_now_func_schema, dim.integer_now_func) INTO result;
    RETURN result;
  END IF;
  RETURN _timescaledb_functions.time_to_internal(now());
END
$$;
-- The time up to which a policy means chunks; `lag`: of its configuration.
CREATE FUNCTION _timescaledb_functions.policy_boundary(ht integer, lag text) RETURNS bigint LANGUAGE plpgsql AS
$$
BEGIN
  IF (SELECT _timescaledb_functions.is_integer(d.column_type) FROM _timescaledb_functions.time_dimension(ht) d) THEN
    RETURN _timescaledb_functions.time_now(ht) - lag::bigint;
  END IF;
  RETURN _timescaledb_functions.time_to_internal(now() - lag::interval);
END
$$;
CREATE FUNCTION _timescaledb_functions.check_policy_lag(ht _timescaledb_catalog.hypertable, value_type regtype, parameter text)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  dim _timescaledb_catalog.dimension;
BEGIN
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht.id);
  IF _timescaledb_functions.is_integer(dim.column_type) THEN
    IF NOT _timescaledb_functions.is_integer(value_type) THEN
      RAISE EXCEPTION 'invalid value for parameter %', parameter USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Integer time duration is required for hypertables with integer time dimension.';
    ELSIF dim.integer_now_func IS NULL THEN
      RAISE EXCEPTION 'invalid value for parameter %', parameter USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Integer duration in "' || parameter || '" requires a custom "now" function: set_integer_now_func().';
    END IF;
  ELSIF value_type <> 'interval'::regtype THEN
    RAISE EXCEPTION 'invalid value for parameter %', parameter USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Interval time duration is required for hypertable with timestamp or UUID time dimension.';
  END IF;
END
$$;

-- -1: there is one already, and that is all right.
CREATE FUNCTION _timescaledb_functions.add_policy(
    relation regclass, what text, proc name, config jsonb, skip_existing boolean, schedule interval, start timestamptz, zone text,
    runtime interval)
  RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  old _timescaledb_catalog.bgw_job;
  job_id integer;
  owner name;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  SELECT * INTO old FROM _timescaledb_catalog.bgw_job b
  WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = proc AND b.hypertable_id = ht.id
    AND b.config->>'filter' IS NOT DISTINCT FROM add_policy.config->>'filter';
  IF FOUND THEN
    IF NOT skip_existing THEN
      RAISE EXCEPTION '% policy already exists for hypertable "%"', what, ht.table_name USING ERRCODE = 'duplicate_object',
        DETAIL = format('Only one %s policy is allowed per hypertable.', what);
    END IF;
    IF old.config = config || jsonb_build_object('hypertable_id', ht.id) THEN
      RAISE NOTICE '% policy already exists for hypertable "%", skipping', what, ht.table_name;
    ELSE
      RAISE WARNING '% policy already exists for hypertable "%"', what, ht.table_name
        USING DETAIL = 'A policy already exists with different arguments.',
              HINT = 'Remove the existing policy before adding a new one.';
    END IF;
    RETURN -1;
  END IF;
  IF schedule <= '0' THEN
    RAISE EXCEPTION 'schedule interval must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF zone IS NOT NULL THEN PERFORM now() AT TIME ZONE zone; END IF;
  SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class WHERE oid = relation;
  job_id := nextval('_timescaledb_catalog.bgw_job_id_seq');
  INSERT INTO _timescaledb_catalog.bgw_job (id, application_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema,
    proc_name, owner, scheduled, fixed_schedule, initial_start, hypertable_id, config, timezone)
  VALUES (job_id, initcap(what) || ' Policy [' || job_id || ']', schedule, runtime, -1, '5 minutes', '_timescaledb_functions',
    proc, owner, true, start IS NOT NULL, start, ht.id, config || jsonb_build_object('hypertable_id', ht.id), zone);
  INSERT INTO _timescaledb_internal.bgw_job_stat (job_id, next_start) VALUES (job_id, coalesce(start, now()));
  RETURN job_id;
END
$$;
CREATE FUNCTION _timescaledb_functions.remove_policy(relation regclass, what text, proc name, skip_missing boolean, filter text DEFAULT NULL)
  RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(relation);
  DELETE FROM _timescaledb_catalog.bgw_job b
  WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = proc AND b.hypertable_id = ht.id
    AND b.config->>'filter' IS NOT DISTINCT FROM filter;
  IF FOUND THEN RETURN true; END IF;
  IF NOT skip_missing THEN
    RAISE EXCEPTION '% policy not found for hypertable "%"', what, ht.table_name USING ERRCODE = 'undefined_object';
  END IF;
  RAISE NOTICE '% policy not found for hypertable "%", skipping', what, ht.table_name;
  RETURN false;
END
$$;
CREATE FUNCTION _timescaledb_functions.policy_table(job_id integer, config jsonb) RETURNS SETOF _timescaledb_catalog.hypertable
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT * FROM _timescaledb_catalog.hypertable h WHERE h.id = (config->>'hypertable_id')::integer;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'configuration of job % names no hypertable', job_id USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;

-- --- retention. With a filter only the rows that meet it go, when they are old enough; there may be several such policies.
CREATE PROCEDURE _timescaledb_functions.policy_retention(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  dim _timescaledb_catalog.dimension;
  boundary bigint;
  chunk integer;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.policy_table(job_id, config);
  IF config ? 'drop_created_before' THEN
    PERFORM _timescaledb_functions.drop_chunk_set(array_agg(c.id)) FROM _timescaledb_catalog.chunk c
    WHERE c.hypertable_id = ht.id AND c.creation_time < now() - (config->>'drop_created_before')::interval;
    RETURN;
  END IF;
  boundary := _timescaledb_functions.policy_boundary(ht.id, config->>'drop_after');
  IF NOT config ? 'filter' THEN
    PERFORM _timescaledb_functions.drop_chunk_set(array_agg(c.id)) FROM _timescaledb_catalog.chunk c
    WHERE c.hypertable_id = ht.id AND c.range_end <= boundary;
    RETURN;
  END IF;
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(ht.id);
  FOR chunk IN SELECT c.id FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = ht.id AND c.range_start < boundary ORDER BY c.range_start LOOP
    EXECUTE format('DELETE FROM %s WHERE %s AND %I < %s AND (%s)', ht.relid, _timescaledb_functions.chunk_condition(chunk),
                   dim.column_name, _timescaledb_functions.time_literal(boundary, dim.column_type), config->>'filter');
    COMMIT;
  END LOOP;
END
$$;
CREATE FUNCTION add_retention_policy(
    relation regclass, drop_after anyelement DEFAULT NULL::interval, if_not_exists boolean DEFAULT false,
    schedule_interval interval DEFAULT NULL, initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL,
    drop_created_before interval DEFAULT NULL, filter text DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  IF filter IS NOT NULL THEN
    IF drop_after IS NULL THEN
      RAISE EXCEPTION 'a filter needs "drop_after"' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('SELECT FROM %s WHERE (%s) LIMIT 0', ht.relid, filter);
  END IF;
  IF (drop_after IS NULL) = (drop_created_before IS NULL) THEN
    RAISE EXCEPTION 'need to specify one of "drop_after" or "drop_created_before"' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF drop_after IS NOT NULL THEN PERFORM _timescaledb_functions.check_policy_lag(ht, pg_typeof(drop_after), 'drop_after'); END IF;
  RETURN _timescaledb_functions.add_policy(
    relation, 'retention', 'policy_retention',
    CASE WHEN drop_after IS NULL THEN jsonb_build_object('drop_created_before', drop_created_before)
         ELSE jsonb_build_object('drop_after', drop_after) || jsonb_strip_nulls(jsonb_build_object('filter', filter)) END,
    if_not_exists, coalesce(schedule_interval, '1 day'), initial_start, timezone, '5 minutes');
END
$$;
CREATE FUNCTION remove_retention_policy(relation regclass, if_exists boolean DEFAULT false, filter text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.remove_policy(relation, 'retention', 'policy_retention', if_exists, filter); END $$;

-- --- columnstore
CREATE PROCEDURE _timescaledb_functions.policy_compression(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  boundary bigint;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.policy_table(job_id, config);
  IF NOT config ? 'compress_created_before' THEN
    boundary := _timescaledb_functions.policy_boundary(ht.id, config->>'compress_after');
  END IF;
  PERFORM _timescaledb_functions.convert_chunk(_timescaledb_functions.chunk_relation(c.schema_name, c.table_name), true, true)
  FROM _timescaledb_catalog.chunk c
  WHERE c.hypertable_id = ht.id AND c.status & 1 = 0
    AND CASE WHEN boundary IS NULL THEN c.creation_time < now() - (config->>'compress_created_before')::interval
             ELSE c.range_end <= boundary END;
END
$$;
CREATE FUNCTION _timescaledb_functions.add_columnstore(
    relation regclass, lag jsonb, lag_type regtype, skip_existing boolean, schedule interval, start timestamptz, zone text,
    created_before interval)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  length bigint;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  IF ht.compression_state <> 1 THEN
    RAISE EXCEPTION 'columnstore not enabled on hypertable "%"', ht.table_name USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Enable columnstore before adding a columnstore policy.';
  END IF;
  IF (lag IS NULL) = (created_before IS NULL) THEN
    RAISE EXCEPTION 'need to specify one of "after" or "created_before"' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF lag IS NOT NULL THEN PERFORM _timescaledb_functions.check_policy_lag(ht, lag_type, 'compress_after'); END IF;
  -- Twice a chunk's time, but every 12 hours at least.
  SELECT CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN NULL ELSE d.interval_length END
  INTO length FROM _timescaledb_functions.time_dimension(ht.id) d;
  RETURN _timescaledb_functions.add_policy(
    relation, 'columnstore', 'policy_compression',
    CASE WHEN lag IS NULL THEN jsonb_build_object('compress_created_before', created_before)
         ELSE jsonb_build_object('compress_after', lag) END,
    skip_existing,
    coalesce(schedule, least(_timescaledb_functions.to_interval(length / 2), CASE WHEN length IS NULL THEN '1 day' ELSE '12 hours' END::interval)),
    start, zone, '0');
END
$$;
CREATE FUNCTION add_compression_policy(
    hypertable regclass, compress_after anyelement DEFAULT NULL::interval, if_not_exists boolean DEFAULT false,
    schedule_interval interval DEFAULT NULL, initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL,
    compress_created_before interval DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$ BEGIN RETURN _timescaledb_functions.add_columnstore($1, to_jsonb($2), pg_typeof($2), $3, $4, $5, $6, $7); END $$;
CREATE PROCEDURE add_columnstore_policy(
    hypertable regclass, after anyelement DEFAULT NULL::interval, if_not_exists boolean DEFAULT false,
    schedule_interval interval DEFAULT NULL, initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL,
    created_before interval DEFAULT NULL)
  LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.add_columnstore($1, to_jsonb($2), pg_typeof($2), $3, $4, $5, $6, $7); END $$;
CREATE FUNCTION remove_compression_policy(hypertable regclass, if_exists boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RETURN _timescaledb_functions.remove_policy(hypertable, 'columnstore', 'policy_compression', if_exists); END $$;
CREATE PROCEDURE remove_columnstore_policy(hypertable regclass, if_exists boolean DEFAULT false) LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.remove_policy(hypertable, 'columnstore', 'policy_compression', if_exists); END $$;

-- --- reordering
CREATE PROCEDURE _timescaledb_functions.policy_reorder(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.policy_table(job_id, config);
  PERFORM varve_settle(ht.relid);
END
$$;
CREATE FUNCTION add_reorder_policy(hypertable regclass, index_name name, if_not_exists boolean DEFAULT false,
                                   initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(hypertable);
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = hypertable AND c.relname = $2) THEN
    RAISE EXCEPTION 'invalid reorder index' USING ERRCODE = 'invalid_parameter_value',
      HINT = format('The reorder index must by an index on hypertable "%s".', ht.table_name);
  END IF;
  RETURN _timescaledb_functions.add_policy(hypertable, 'reorder', 'policy_reorder', jsonb_build_object('index_name', $2), if_not_exists,
                                           '4 days', initial_start, timezone, '0');
END
$$;
CREATE FUNCTION remove_reorder_policy(hypertable regclass, if_exists boolean DEFAULT false) RETURNS void LANGUAGE sql AS
$$ SELECT _timescaledb_functions.remove_policy(hypertable, 'reorder', 'policy_reorder', if_exists) $$;

-- --- chunks by size. What is more than twice as large as wanted is halved by time; neighbours that fit together become one.
CREATE FUNCTION _timescaledb_functions.chunk_to_split(relation regclass, target bigint) RETURNS regclass LANGUAGE sql VOLATILE AS
$$
SELECT _timescaledb_functions.chunk_relation(c.schema_name, c.table_name)
FROM _timescaledb_functions.chunk_sizes(relation) s JOIN _timescaledb_catalog.chunk c ON c.id = s.chunk_id
  JOIN _timescaledb_functions.time_dimension(c.hypertable_id) d ON true
WHERE s.settled_bytes + s.fresh_bytes > 2 * target AND c.range_start <> '-9223372036854775808'::bigint AND c.range_end <> 9223372036854775807
  AND c.range_end - c.range_start >= 2 * CASE WHEN _timescaledb_functions.is_integer(d.column_type) THEN 1
                                              WHEN d.column_type = 'date'::regtype THEN 86400000000 ELSE 1000000 END
ORDER BY s.settled_bytes + s.fresh_bytes DESC, c.range_start LIMIT 1
$$;
-- Chunks that follow each other in time and have together no more than the target, as many as fit.
CREATE FUNCTION _timescaledb_functions.chunks_to_merge(relation regclass, target bigint) RETURNS SETOF regclass[] LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
  c record;
  members regclass[] := '{}';
  bytes bigint := 0;
  reached bigint;
  state integer;
BEGIN
  FOR c IN SELECT k.range_start, k.range_end, k.status & 1 AS state, s.settled_bytes + s.fresh_bytes AS bytes,
                  _timescaledb_functions.chunk_relation(k.schema_name, k.table_name) AS chunk
           FROM _timescaledb_functions.chunk_sizes(relation) s JOIN _timescaledb_catalog.chunk k ON k.id = s.chunk_id
           ORDER BY k.range_start LOOP
    IF pg_catalog.cardinality(members) > 0 AND (c.range_start <> reached OR c.state <> state OR bytes + c.bytes > target) THEN
      IF pg_catalog.cardinality(members) > 1 THEN RETURN NEXT members; END IF;
      members := '{}';
      bytes := 0;
    END IF;
    members := members || c.chunk;
    bytes := bytes + c.bytes;
    reached := c.range_end;
    state := c.state;
  END LOOP;
  IF pg_catalog.cardinality(members) > 1 THEN RETURN NEXT members; END IF;
END
$$;
CREATE FUNCTION _timescaledb_functions.check_chunk_target(ht _timescaledb_catalog.hypertable, bytes bigint) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
  IF ht.num_dimensions > 1 THEN
    RAISE EXCEPTION 'resizing chunks of a hypertable with several dimensions is not supported' USING ERRCODE = 'feature_not_supported';
  ELSIF bytes IS NULL OR bytes < 1 THEN
    RAISE EXCEPTION 'invalid chunk target size' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
CREATE PROCEDURE resize_chunks(hypertable regclass, chunk_target_size bigint) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  chunk regclass;
  members regclass[];
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.owned_hypertable(hypertable);
  PERFORM _timescaledb_functions.check_chunk_target(ht, chunk_target_size);
  LOOP
    chunk := _timescaledb_functions.chunk_to_split(ht.relid, chunk_target_size);
    EXIT WHEN chunk IS NULL;
    PERFORM _timescaledb_functions.split_at(chunk, NULL, NULL);
    COMMIT;
  END LOOP;
  FOR members IN SELECT m FROM _timescaledb_functions.chunks_to_merge(ht.relid, chunk_target_size) m LOOP
    CALL merge_chunks(members);
    COMMIT;
  END LOOP;
END
$$;
CREATE PROCEDURE _timescaledb_functions.policy_chunk_size(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.policy_table(job_id, config);
  CALL resize_chunks(ht.relid, (config->>'chunk_target_size')::bigint);
END
$$;
CREATE FUNCTION add_chunk_size_policy(hypertable regclass, chunk_target_size text, if_not_exists boolean DEFAULT false,
                                      schedule_interval interval DEFAULT '1 hour', initial_start timestamptz DEFAULT NULL,
                                      timezone text DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  bytes bigint := pg_catalog.pg_size_bytes(chunk_target_size);
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(hypertable);
  PERFORM _timescaledb_functions.check_chunk_target(ht, bytes);
  RETURN _timescaledb_functions.add_policy(hypertable, 'chunk size', 'policy_chunk_size',
                                           pg_catalog.jsonb_build_object('chunk_target_size', bytes), if_not_exists, $4, $5, $6, '0');
END
$$;
CREATE FUNCTION remove_chunk_size_policy(hypertable regclass, if_exists boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.remove_policy(hypertable, 'chunk size', 'policy_chunk_size', if_exists); END $$;

-- --- what the scheduler noted of jobs goes after a while
CREATE PROCEDURE _timescaledb_functions.policy_job_stat_history_retention(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
BEGIN
  DELETE FROM _timescaledb_internal.bgw_job_stat_history h
  WHERE coalesce(h.execution_finish, h.execution_start) < now() - (config->>'drop_after')::interval;
END
$$;
INSERT INTO _timescaledb_catalog.bgw_job (id, application_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema,
  proc_name, owner, scheduled, fixed_schedule, initial_start, config)
VALUES (3, 'Job History Log Retention Policy [3]', '6 hours', '1 hour', -1, '1 hour', '_timescaledb_functions',
  'policy_job_stat_history_retention', current_user, true, true, '2000-01-02 00:00+00', '{"drop_after": "1 month"}');
INSERT INTO _timescaledb_internal.bgw_job_stat (job_id, next_start)
SELECT b.id, _timescaledb_functions.job_next_start(b, now()) FROM _timescaledb_catalog.bgw_job b WHERE b.id = 3;
