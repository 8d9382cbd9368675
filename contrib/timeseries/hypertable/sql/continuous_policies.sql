-- Refresh policies.
CREATE FUNCTION _timescaledb_functions.cagg_root(mat integer) RETURNS integer LANGUAGE sql STABLE AS
$$
WITH RECURSIVE up AS (
  SELECT c.raw_hypertable_id, c.parent_mat_hypertable_id FROM _timescaledb_catalog.continuous_agg c WHERE c.mat_hypertable_id = mat
  UNION ALL
  SELECT c.raw_hypertable_id, c.parent_mat_hypertable_id FROM up JOIN _timescaledb_catalog.continuous_agg c
    ON c.mat_hypertable_id = up.parent_mat_hypertable_id)
SELECT raw_hypertable_id FROM up WHERE parent_mat_hypertable_id IS NULL
$$;
-- A number of integers is checked and kept as a number, an interval as one; null: no bound.
CREATE FUNCTION _timescaledb_functions.cagg_policy_offset(mat integer, value text, value_type regtype, parameter text) RETURNS jsonb
  LANGUAGE plpgsql STABLE AS
$$
DECLARE
  dim _timescaledb_catalog.dimension;
BEGIN
  IF value IS NULL THEN RETURN 'null'; END IF;
  SELECT * INTO dim FROM _timescaledb_functions.time_dimension(_timescaledb_functions.cagg_root(mat));
  IF _timescaledb_functions.is_integer(dim.column_type) THEN
    IF NOT (_timescaledb_functions.is_integer(value_type) OR value_type IN ('text'::regtype, 'unknown'::regtype)) THEN
      RAISE EXCEPTION 'invalid parameter value for %', parameter USING ERRCODE = 'invalid_parameter_value',
        HINT = pg_catalog.format('Use time interval of type %s with the continuous aggregate.', dim.column_type);
    ELSIF dim.integer_now_func IS NULL THEN
      RAISE EXCEPTION 'invalid parameter value for %', parameter USING ERRCODE = 'invalid_parameter_value',
        HINT = 'A continuous aggregate on an integer-based hypertable needs an integer_now function: set_integer_now_func().';
    END IF;
    RETURN pg_catalog.to_jsonb(value::bigint);
  END IF;
  IF value_type NOT IN ('interval'::regtype, 'text'::regtype, 'unknown'::regtype) THEN
    RAISE EXCEPTION 'invalid parameter value for %', parameter USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Use time interval with a continuous aggregate using timestamp-based time bucket.';
  END IF;
  RETURN pg_catalog.to_jsonb(value::interval);
END
$$;

-- What such a policy refreshes if it runs now.
CREATE FUNCTION _timescaledb_functions.policy_window(root integer, config jsonb) RETURNS int8range LANGUAGE sql AS
$$
SELECT pg_catalog.int8range(_timescaledb_functions.policy_boundary(root, config->>'start_offset'),
                            _timescaledb_functions.policy_boundary(root, config->>'end_offset'))
$$;
CREATE FUNCTION _timescaledb_functions.add_refresh_policy(
    view regclass, low jsonb, high jsonb, schedule interval, skip_existing boolean, start timestamptz, zone text, more jsonb)
  RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  root integer;
  old record;
  column_type regtype;
  new_config jsonb;
  extent bigint;
  job_id integer;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_cagg(view);
  PERFORM _timescaledb_functions.require_cagg_owner(view);
  SELECT d.column_type INTO column_type FROM _timescaledb_catalog.dimension d WHERE d.hypertable_id = c.mat_hypertable_id ORDER BY d.id LIMIT 1;
  new_config := jsonb_build_object('mat_hypertable_id', c.mat_hypertable_id, 'start_offset', low, 'end_offset', high) || more;
  IF schedule IS NULL THEN
    RAISE EXCEPTION 'cannot use NULL schedule interval' USING ERRCODE = 'invalid_parameter_value';
  ELSIF schedule <= '0' THEN
    RAISE EXCEPTION 'schedule interval must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF zone IS NOT NULL THEN PERFORM now() AT TIME ZONE zone; END IF;
  IF low <> 'null' AND high <> 'null' THEN
    extent := CASE WHEN _timescaledb_functions.is_integer(column_type) THEN low::text::bigint - high::text::bigint
                   ELSE _timescaledb_functions.interval_to_usec((low #>> '{}')::interval)
                        - _timescaledb_functions.interval_to_usec((high #>> '{}')::interval) END;
    IF extent < 2 * _timescaledb_functions.cagg_width(c.mat_hypertable_id) THEN
      RAISE EXCEPTION 'policy refresh window too small' USING ERRCODE = 'invalid_parameter_value',
        DETAIL = format('The start and end offsets must cover at least two buckets in the valid time range of type "%s".', column_type);
    END IF;
  END IF;
  -- Several may share the work: none of them twice. Times are those of now.
  root := _timescaledb_functions.cagg_root(c.mat_hypertable_id);
  FOR old IN
    SELECT _timescaledb_functions.policy_window(root, b.config) AS range FROM _timescaledb_catalog.bgw_job b
    WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = 'policy_refresh_continuous_aggregate'
      AND b.hypertable_id = c.mat_hypertable_id
    ORDER BY _timescaledb_functions.policy_window(root, b.config) <> _timescaledb_functions.policy_window(root, new_config)
  LOOP
    IF old.range = _timescaledb_functions.policy_window(root, new_config) THEN
      IF NOT skip_existing THEN
        RAISE EXCEPTION 'continuous aggregate refresh policy already exists for "%"', c.user_view_name USING ERRCODE = 'invalid_parameter_value',
          DETAIL = format('A refresh policy with the same start and end offset already exists for continuous aggregate "%s".', c.user_view_name);
      END IF;
      RAISE NOTICE 'continuous aggregate refresh policy already exists for "%", skipping', c.user_view_name
        USING DETAIL = format('A refresh policy with the same start and end offset already exists for continuous aggregate "%s".', c.user_view_name);
      RETURN -1;
    ELSIF old.range && _timescaledb_functions.policy_window(root, new_config) THEN
      RAISE EXCEPTION 'refresh interval overlaps with an existing continuous aggregate policy on "%"', c.user_view_name
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  job_id := nextval('_timescaledb_catalog.bgw_job_id_seq');
  INSERT INTO _timescaledb_catalog.bgw_job (id, application_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema,
    proc_name, owner, scheduled, fixed_schedule, initial_start, hypertable_id, config, timezone)
  VALUES (job_id, 'Refresh Continuous Aggregate Policy [' || job_id || ']', schedule, '0', -1, schedule, '_timescaledb_functions',
    'policy_refresh_continuous_aggregate', (SELECT pg_get_userbyid(r.relowner) FROM pg_class r WHERE r.oid = view), true,
    start IS NOT NULL, start, c.mat_hypertable_id, new_config, zone);
  INSERT INTO _timescaledb_internal.bgw_job_stat (job_id, next_start) VALUES (job_id, coalesce(start, now()));
  RETURN job_id;
END
$$;
CREATE FUNCTION add_continuous_aggregate_policy(
    continuous_aggregate regclass, start_offset "any", end_offset "any", schedule_interval interval, if_not_exists boolean DEFAULT false,
    initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL, include_tiered_data boolean DEFAULT NULL,
    buckets_per_batch integer DEFAULT NULL, max_batches_per_execution integer DEFAULT NULL, refresh_newest_first boolean DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_cagg(continuous_aggregate);
  IF buckets_per_batch < 0 THEN
    RAISE EXCEPTION 'invalid buckets per batch' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = pg_catalog.format('buckets_per_batch: %s', buckets_per_batch),
      HINT = 'The buckets per batch should be greater than or equal to zero.';
  ELSIF max_batches_per_execution < 0 THEN
    RAISE EXCEPTION 'invalid max batches per execution' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = pg_catalog.format('max_batches_per_execution: %s', max_batches_per_execution),
      HINT = 'The max batches per execution should be greater than or equal to zero.';
  END IF;
  RETURN _timescaledb_functions.add_refresh_policy(
    continuous_aggregate,
    _timescaledb_functions.cagg_policy_offset(c.mat_hypertable_id, $2::text, pg_catalog.pg_typeof($2)::regtype, 'start_offset'),
    _timescaledb_functions.cagg_policy_offset(c.mat_hypertable_id, $3::text, pg_catalog.pg_typeof($3)::regtype, 'end_offset'),
    $4, if_not_exists, initial_start, $7,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'buckets_per_batch', buckets_per_batch, 'max_batches_per_execution', max_batches_per_execution,
      'refresh_newest_first', refresh_newest_first)));
END
$$;
CREATE FUNCTION _timescaledb_functions.remove_refresh_policy(view regclass, skip_missing boolean) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
BEGIN
  SELECT * INTO c FROM _timescaledb_functions.require_cagg(view);
  PERFORM _timescaledb_functions.require_cagg_owner(view);
  DELETE FROM _timescaledb_catalog.bgw_job b
  WHERE b.proc_schema = '_timescaledb_functions' AND b.proc_name = 'policy_refresh_continuous_aggregate'
    AND b.hypertable_id = c.mat_hypertable_id;
  IF FOUND THEN RETURN; END IF;
  IF NOT skip_missing THEN
    RAISE EXCEPTION 'continuous aggregate policy not found for "%"', c.user_view_name USING ERRCODE = 'undefined_object';
  END IF;
  RAISE NOTICE 'continuous aggregate policy not found for "%", skipping', c.user_view_name;
END
$$;
CREATE FUNCTION remove_continuous_aggregate_policy(continuous_aggregate regclass, if_not_exists boolean DEFAULT false,
                                                   if_exists boolean DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM _timescaledb_functions.remove_refresh_policy($1, coalesce($3, $2)); END $$;

CREATE PROCEDURE _timescaledb_functions.policy_refresh_continuous_aggregate(job_id integer, config jsonb) LANGUAGE plpgsql AS
$$
DECLARE
  c _timescaledb_catalog.continuous_agg;
  root integer;
  low bigint := '-9223372036854775808'::bigint;
  high bigint := 9223372036854775807;
  batch bigint := nullif((config->>'buckets_per_batch')::integer, 0) * 1::bigint;
  batches integer := nullif((config->>'max_batches_per_execution')::integer, 0);
  newest_first boolean := coalesce((config->>'refresh_newest_first')::boolean, true);
  bounds bigint[];
BEGIN
  SELECT * INTO c FROM _timescaledb_catalog.continuous_agg a WHERE a.mat_hypertable_id = (config->>'mat_hypertable_id')::integer;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'configuration of job % names no continuous aggregate', job_id USING ERRCODE = 'invalid_parameter_value';
  END IF;
  root := _timescaledb_functions.cagg_root(c.mat_hypertable_id);
  IF config->>'start_offset' IS NOT NULL THEN
    low := _timescaledb_functions.cagg_ceiling(c.mat_hypertable_id, _timescaledb_functions.policy_boundary(root, config->>'start_offset'));
  END IF;
  IF config->>'end_offset' IS NOT NULL THEN
    high := _timescaledb_functions.cagg_bucket(c.mat_hypertable_id, _timescaledb_functions.policy_boundary(root, config->>'end_offset'));
  END IF;
  IF low >= high THEN RETURN; END IF;
  high := _timescaledb_functions.cagg_prepare(c.mat_hypertable_id, high);
  COMMIT;
  IF low >= high THEN RETURN; END IF;
  IF batch IS NULL THEN
    PERFORM _timescaledb_functions.cagg_materialize(c.mat_hypertable_id, low, high, false);
    RETURN;
  END IF;
  LOOP
    bounds := _timescaledb_functions.cagg_next_batch(c.mat_hypertable_id, low, high, batch, newest_first);
    EXIT WHEN bounds IS NULL;
    PERFORM _timescaledb_functions.cagg_materialize(c.mat_hypertable_id, bounds[1], bounds[2], false);
    COMMIT;
    IF newest_first THEN high := bounds[1]; ELSE low := bounds[2]; END IF;
    batches := batches - 1;
    EXIT WHEN batches <= 0 OR low >= high;
  END LOOP;
END
$$;
-- A part of the window, some buckets long, that has changes; null: there are no more.
CREATE FUNCTION _timescaledb_functions.cagg_next_batch(mat integer, window_start bigint, window_end bigint, buckets bigint, newest_first boolean)
  RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  length bigint := buckets * _timescaledb_functions.cagg_width(mat);
  low bigint;
  high bigint;
  earliest bigint;
BEGIN
  SELECT min(greatest(l.lowest_modified_value, window_start)), max(least(l.greatest_modified_value, window_end - 1)) INTO low, high
  FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log l
  WHERE l.materialization_id = mat AND l.lowest_modified_value < window_end AND l.greatest_modified_value >= window_start;
  IF low IS NULL THEN RETURN NULL; END IF;
  IF newest_first THEN
    high := CASE WHEN high = window_end - 1 THEN window_end ELSE _timescaledb_functions.cagg_next_bucket(mat, high) END;
    -- Before the first row there is nothing to cut into batches.
    earliest := _timescaledb_functions.earliest_time(mat);
    IF earliest IS NULL OR high - length <= earliest OR high - length <= window_start OR high - length > high THEN
      RETURN ARRAY[window_start, high];
    END IF;
    RETURN ARRAY[_timescaledb_functions.cagg_bucket(mat, high - length), high];
  END IF;
  earliest := _timescaledb_functions.earliest_time(mat);
  IF earliest IS NULL THEN RETURN ARRAY[window_start, window_end]; END IF;
  high := _timescaledb_functions.cagg_ceiling(mat, greatest(low, earliest) + length);
  RETURN ARRAY[CASE WHEN low <= window_start THEN window_start ELSE _timescaledb_functions.cagg_bucket(mat, low) END, least(high, window_end)];
END
$$;
-- Of the hypertable, and of the buckets that there are; null: nothing anywhere.
CREATE FUNCTION _timescaledb_functions.earliest_time(mat integer) RETURNS bigint LANGUAGE sql STABLE AS
$$
SELECT min(k.range_start) FROM _timescaledb_catalog.chunk k, _timescaledb_catalog.continuous_agg c
WHERE c.mat_hypertable_id = mat AND k.hypertable_id IN (c.raw_hypertable_id, mat)
$$;
