-- Policies: jobs of a hypertable. What they leave to a number of days or of integers is counted from now, or from what
-- the hypertable's integer_now_func says.
CREATE FUNCTION _timescaledb_functions.time_now(ht integer) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
  dim _timescaledb_catalog.dimension;
  result bigint;
BEGIN
  SELECT * INTO dim FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht AND d.num_slices IS NULL ORDER BY d.id LIMIT 1;
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
  IF (SELECT _timescaledb_functions.is_integer(d.column_type) FROM _timescaledb_catalog.dimension d
      WHERE d.hypertable_id = ht AND d.num_slices IS NULL ORDER BY d.id LIMIT 1) THEN
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
  SELECT * INTO dim FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht.id AND d.num_slices IS NULL ORDER BY d.id LIMIT 1;
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
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  PERFORM _timescaledb_functions.require_owner(relation);
  SELECT * INTO old FROM _timescaledb_catalog.bgw_job b
  WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = proc AND b.hypertable_id = ht.id;
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
CREATE FUNCTION _timescaledb_functions.remove_policy(relation regclass, what text, proc name, skip_missing boolean) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  PERFORM _timescaledb_functions.require_owner(relation);
  DELETE FROM _timescaledb_catalog.bgw_job b
  WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = proc AND b.hypertable_id = ht.id;
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

-- --- retention
CREATE PROCEDURE _timescaledb_functions.policy_retention(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
  boundary bigint;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.policy_table(job_id, config);
  IF config ? 'drop_created_before' THEN
    PERFORM _timescaledb_functions.drop_chunk(c.id) FROM _timescaledb_catalog.chunk c
    WHERE c.hypertable_id = ht.id AND c.creation_time < now() - (config->>'drop_created_before')::interval;
    RETURN;
  END IF;
  boundary := _timescaledb_functions.policy_boundary(ht.id, config->>'drop_after');
  PERFORM _timescaledb_functions.drop_chunk(c.id) FROM _timescaledb_catalog.chunk c
  WHERE c.hypertable_id = ht.id AND c.range_end <= boundary;
END
$$;
CREATE FUNCTION add_retention_policy(
    relation regclass, drop_after anyelement DEFAULT NULL::interval, if_not_exists boolean DEFAULT false,
    schedule_interval interval DEFAULT NULL, initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL,
    drop_created_before interval DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  ht _timescaledb_catalog.hypertable;
BEGIN
  SELECT * INTO ht FROM _timescaledb_functions.require_hypertable(relation);
  IF (drop_after IS NULL) = (drop_created_before IS NULL) THEN
    RAISE EXCEPTION 'need to specify one of "drop_after" or "drop_created_before"' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF drop_after IS NOT NULL THEN PERFORM _timescaledb_functions.check_policy_lag(ht, pg_typeof(drop_after), 'drop_after'); END IF;
  RETURN _timescaledb_functions.add_policy(
    relation, 'retention', 'policy_retention',
    CASE WHEN drop_after IS NULL THEN jsonb_build_object('drop_created_before', drop_created_before)
         ELSE jsonb_build_object('drop_after', drop_after) END,
    if_not_exists, coalesce(schedule_interval, '1 day'), initial_start, timezone, '5 minutes');
END
$$;
CREATE FUNCTION remove_retention_policy(relation regclass, if_exists boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.remove_policy(relation, 'retention', 'policy_retention', if_exists); END $$;

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
  INTO length FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = ht.id AND d.num_slices IS NULL ORDER BY d.id LIMIT 1;
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
