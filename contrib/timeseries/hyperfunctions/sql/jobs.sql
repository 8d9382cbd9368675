-- Jobs: procedures that the server runs on a schedule. Tables hold what is known of them; the functions that write
-- the tables run with their owner's rights and look themselves at whose job it is.
CREATE SCHEMA _timescaledb_catalog;
CREATE SCHEMA _timescaledb_internal;
CREATE SCHEMA timescaledb_information;
GRANT USAGE ON SCHEMA _timescaledb_catalog, _timescaledb_internal, timescaledb_information TO PUBLIC;

CREATE SEQUENCE _timescaledb_catalog.bgw_job_id_seq MINVALUE 1000;
CREATE TABLE _timescaledb_catalog.bgw_job (
  id integer PRIMARY KEY DEFAULT nextval('_timescaledb_catalog.bgw_job_id_seq'),
  application_name name NOT NULL,
  schedule_interval interval NOT NULL,
  max_runtime interval NOT NULL,
  max_retries integer NOT NULL,
  retry_period interval NOT NULL,
  proc_schema name NOT NULL,
  proc_name name NOT NULL,
  owner name NOT NULL,
  scheduled boolean NOT NULL DEFAULT true,
  fixed_schedule boolean NOT NULL DEFAULT true,
  initial_start timestamptz,
  hypertable_id integer,
  config jsonb,
  check_schema name,
  check_name name,
  timezone text);
CREATE TABLE _timescaledb_internal.bgw_job_stat (
  job_id integer PRIMARY KEY REFERENCES _timescaledb_catalog.bgw_job (id) ON DELETE CASCADE,
  running boolean NOT NULL DEFAULT false,
  last_start timestamptz,
  last_finish timestamptz,
  next_start timestamptz,
  last_successful_finish timestamptz,
  last_run_success boolean,
  total_runs bigint NOT NULL DEFAULT 0,
  total_duration interval NOT NULL DEFAULT '0',
  total_duration_failures interval NOT NULL DEFAULT '0',
  total_successes bigint NOT NULL DEFAULT 0,
  total_failures bigint NOT NULL DEFAULT 0,
  total_crashes bigint NOT NULL DEFAULT 0,
  consecutive_failures integer NOT NULL DEFAULT 0,
  consecutive_crashes integer NOT NULL DEFAULT 0);
CREATE TABLE _timescaledb_internal.bgw_job_stat_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id integer NOT NULL,
  pid integer,
  execution_start timestamptz NOT NULL,
  execution_finish timestamptz,
  succeeded boolean,
  data jsonb NOT NULL);
CREATE INDEX bgw_job_stat_history_job_id_idx ON _timescaledb_internal.bgw_job_stat_history (job_id);
GRANT SELECT ON _timescaledb_catalog.bgw_job, _timescaledb_internal.bgw_job_stat,
  _timescaledb_internal.bgw_job_stat_history TO PUBLIC;

-- The first time of the schedule that is after `at`.
CREATE FUNCTION _timescaledb_functions.job_next_start(job _timescaledb_catalog.bgw_job, at timestamptz)
  RETURNS timestamptz LANGUAGE plpgsql STABLE AS
$$
DECLARE
  result timestamptz := job.initial_start;
  steps bigint;
BEGIN
  IF NOT job.fixed_schedule OR job.initial_start IS NULL THEN RETURN at + job.schedule_interval; END IF;
  IF extract(month FROM job.schedule_interval) = 0 AND extract(year FROM job.schedule_interval) = 0
     AND job.timezone IS NULL AND result < at THEN
    steps := floor(extract(epoch FROM at - result) / extract(epoch FROM job.schedule_interval));
    result := result + steps * job.schedule_interval;
  END IF;
  WHILE result <= at LOOP
    IF job.timezone IS NULL THEN
      result := result + job.schedule_interval;
    ELSE
      result := (result AT TIME ZONE job.timezone + job.schedule_interval) AT TIME ZONE job.timezone;
    END IF;
  END LOOP;
  RETURN result;
END
$$;

CREATE FUNCTION _timescaledb_functions.job_require(job_id integer) RETURNS SETOF _timescaledb_catalog.bgw_job
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  RETURN QUERY SELECT * FROM _timescaledb_catalog.bgw_job b WHERE b.id = job_id;
  IF NOT FOUND THEN RAISE EXCEPTION 'job % not found', job_id USING ERRCODE = 'undefined_object'; END IF;
END
$$;

CREATE FUNCTION _timescaledb_functions.job_require_owner(job_id integer, owner name) RETURNS void
  LANGUAGE plpgsql STABLE AS
$$
BEGIN
  IF NOT pg_has_role(session_user, owner, 'member') THEN
    RAISE EXCEPTION 'insufficient permissions to alter job %', job_id USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

CREATE FUNCTION _timescaledb_functions.job_check_config(check_config regproc, config jsonb) RETURNS void
  LANGUAGE plpgsql AS
$$
BEGIN
  IF check_config IS NULL THEN RETURN; END IF;
  IF NOT EXISTS (SELECT FROM pg_proc WHERE oid = check_config AND pronargs = 1
                                       AND proargtypes[0] = 'jsonb'::regtype) THEN
    RAISE EXCEPTION 'unsupported function type' USING ERRCODE = 'invalid_parameter_value',
      DETAIL = 'Only functions with the signature function(jsonb) can be used as check functions.';
  END IF;
  EXECUTE format('SELECT %s($1)', check_config) USING config;
END
$$;

-- What a job is called: its procedure by schema and name. Null for a function without a name of its own.
CREATE FUNCTION _timescaledb_functions.job_insert(
    proc_oid oid, owner name, schedule_interval interval, config jsonb, initial_start timestamptz,
    scheduled boolean, check_oid oid, fixed_schedule boolean, timezone text, job_name text)
  RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  job _timescaledb_catalog.bgw_job;
BEGIN
  PERFORM _timescaledb_functions.job_require_owner(NULL, owner);
  job.id := nextval('_timescaledb_catalog.bgw_job_id_seq');
  SELECT n.nspname, p.proname INTO job.proc_schema, job.proc_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = proc_oid;
  SELECT n.nspname, p.proname INTO job.check_schema, job.check_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = check_oid;
  INSERT INTO _timescaledb_catalog.bgw_job
  VALUES (job.id, left(coalesce(job_name, 'User-Defined Action'), 50) || ' [' || job.id || ']', schedule_interval, '0', -1,
          '5 minutes', job.proc_schema, job.proc_name, owner, scheduled, fixed_schedule,
          CASE WHEN fixed_schedule THEN coalesce(initial_start, now()) ELSE initial_start END, NULL, config,
          job.check_schema, job.check_name, timezone);
  INSERT INTO _timescaledb_internal.bgw_job_stat (job_id, next_start)
  VALUES (job.id, coalesce(initial_start, now()));
  RETURN job.id;
END
$$;

CREATE FUNCTION add_job(proc regproc, schedule_interval interval, config jsonb DEFAULT NULL,
                        initial_start timestamptz DEFAULT NULL, scheduled bool DEFAULT true,
                        check_config regproc DEFAULT NULL, fixed_schedule bool DEFAULT true,
                        timezone text DEFAULT NULL, job_name text DEFAULT NULL)
  RETURNS integer LANGUAGE plpgsql VOLATILE AS
$$
BEGIN
  IF proc IS NULL THEN
    RAISE EXCEPTION 'function or procedure cannot be NULL' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF schedule_interval IS NULL THEN
    RAISE EXCEPTION 'schedule interval cannot be NULL' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF schedule_interval <= '0' THEN
    RAISE EXCEPTION 'schedule interval must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF timezone IS NOT NULL THEN PERFORM now() AT TIME ZONE timezone; END IF;
  IF NOT has_function_privilege(proc::oid, 'execute') THEN
    RAISE EXCEPTION 'permission denied for function "%"', proc USING ERRCODE = 'insufficient_privilege',
      HINT = 'Job owner must have EXECUTE privilege on the function.';
  END IF;
  PERFORM _timescaledb_functions.job_check_config(check_config, config);
  RETURN _timescaledb_functions.job_insert(proc::oid, current_user, schedule_interval, config, initial_start, scheduled,
                                           check_config::oid, fixed_schedule, timezone, job_name);
END
$$;

CREATE FUNCTION _timescaledb_functions.job_delete(job_id integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
DECLARE
  job _timescaledb_catalog.bgw_job;
BEGIN
  SELECT * INTO job FROM _timescaledb_functions.job_require(job_id);
  PERFORM _timescaledb_functions.job_require_owner(job_id, job.owner);
  DELETE FROM _timescaledb_catalog.bgw_job b WHERE b.id = job_id;
END
$$;
CREATE FUNCTION delete_job(job_id integer) RETURNS void LANGUAGE plpgsql STRICT AS
$$ BEGIN PERFORM _timescaledb_functions.job_delete(job_id); END $$;

-- Calls the procedure, or the function, with the job's number and configuration.
CREATE FUNCTION _timescaledb_functions.job_command(job_id integer) RETURNS text LANGUAGE plpgsql STABLE AS
$$
DECLARE
  job _timescaledb_catalog.bgw_job;
  kind "char";
BEGIN
  SELECT * INTO job FROM _timescaledb_functions.job_require(job_id);
  SELECT p.prokind INTO kind FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = job.proc_schema AND p.proname = job.proc_name AND p.pronargs = 2;
  IF kind IS NULL THEN
    RAISE EXCEPTION 'function or procedure %.%(integer, jsonb) does not exist', job.proc_schema, job.proc_name
      USING ERRCODE = 'undefined_function';
  END IF;
  RETURN format('%s %I.%I(%s, %L::jsonb)', CASE kind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, job.proc_schema,
                job.proc_name, job.id, job.config);
END
$$;
CREATE PROCEDURE run_job(job_id integer) LANGUAGE plpgsql AS
$$
#dynamic_commit on
DECLARE
  job _timescaledb_catalog.bgw_job;
BEGIN
  SELECT * INTO job FROM _timescaledb_functions.job_require(job_id);
  PERFORM _timescaledb_functions.job_require_owner(job_id, job.owner);
  EXECUTE _timescaledb_functions.job_command(job_id);
END
$$;

CREATE FUNCTION _timescaledb_functions.job_update(
    job_id integer, schedule_interval interval, max_runtime interval, max_retries integer, retry_period interval,
    scheduled bool, config jsonb, next_start timestamptz, check_oid oid, fixed_schedule bool,
    initial_start timestamptz, timezone text, job_name text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
$$
#variable_conflict use_variable
DECLARE
  job _timescaledb_catalog.bgw_job;
  new_check name;
  new_schema name;
BEGIN
  SELECT * INTO job FROM _timescaledb_functions.job_require(job_id);
  PERFORM _timescaledb_functions.job_require_owner(job_id, job.owner);
  SELECT n.nspname, p.proname INTO new_schema, new_check
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = check_oid;
  UPDATE _timescaledb_catalog.bgw_job b SET
    schedule_interval = coalesce(schedule_interval, b.schedule_interval),
    max_runtime = coalesce(max_runtime, b.max_runtime),
    max_retries = coalesce(max_retries, b.max_retries),
    retry_period = coalesce(retry_period, b.retry_period),
    scheduled = coalesce(scheduled, b.scheduled),
    config = coalesce(config, b.config),
    check_schema = coalesce(new_schema, b.check_schema),
    check_name = coalesce(new_check, b.check_name),
    fixed_schedule = coalesce(fixed_schedule, b.fixed_schedule),
    initial_start = coalesce(initial_start, b.initial_start),
    timezone = coalesce(timezone, b.timezone),
    application_name = CASE WHEN job_name IS NULL THEN b.application_name
                            ELSE (left(job_name, 50) || ' [' || b.id || ']')::name END
  WHERE b.id = job_id;
  UPDATE _timescaledb_internal.bgw_job_stat s SET next_start = coalesce(next_start, initial_start)
  WHERE s.job_id = job.id AND coalesce(next_start, initial_start) IS NOT NULL;
END
$$;

CREATE FUNCTION _timescaledb_functions.job_alter(
    id integer, new_interval interval, new_runtime interval, new_retries integer, new_period interval,
    new_scheduled bool, new_config jsonb, new_next timestamptz, if_exists bool, new_check regproc,
    new_fixed bool, new_initial timestamptz, new_zone text, new_name text)
  RETURNS TABLE (job_id integer, schedule_interval interval, max_runtime interval, max_retries integer,
                 retry_period interval, scheduled bool, config jsonb, next_start timestamptz,
                 check_config text, fixed_schedule bool, initial_start timestamptz, timezone text,
                 application_name name)
  LANGUAGE plpgsql VOLATILE AS
$$
#variable_conflict use_column
DECLARE
  job _timescaledb_catalog.bgw_job;
  checker regproc;
BEGIN
  IF if_exists AND NOT EXISTS (SELECT FROM _timescaledb_catalog.bgw_job b WHERE b.id = $1) THEN
    RAISE NOTICE 'job % not found, skipping', $1;
    RETURN QUERY SELECT NULL::integer, NULL::interval, NULL::interval, NULL::integer, NULL::interval, NULL::bool,
      NULL::jsonb, NULL::timestamptz, NULL::text, NULL::bool, NULL::timestamptz, NULL::text, NULL::name;
    RETURN;
  END IF;
  SELECT * INTO job FROM _timescaledb_functions.job_require($1);
  PERFORM _timescaledb_functions.job_require_owner($1, job.owner);
  checker := coalesce(new_check, (SELECT p.oid::regproc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                                  WHERE n.nspname = job.check_schema AND p.proname = job.check_name LIMIT 1));
  IF new_config IS NOT NULL OR new_check IS NOT NULL THEN
    PERFORM _timescaledb_functions.job_check_config(checker, coalesce(new_config, job.config));
  END IF;
  IF new_interval <= '0' THEN
    RAISE EXCEPTION 'schedule interval must be positive' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM _timescaledb_functions.job_update($1, new_interval, new_runtime, new_retries, new_period, new_scheduled,
    new_config, new_next, new_check::oid, new_fixed, new_initial, new_zone, new_name);
  RETURN QUERY
    SELECT b.id, b.schedule_interval, b.max_runtime, b.max_retries, b.retry_period, b.scheduled, b.config,
           s.next_start, CASE WHEN b.check_name IS NOT NULL THEN format('%I.%I', b.check_schema, b.check_name) END,
           b.fixed_schedule, b.initial_start, b.timezone, b.application_name
    FROM _timescaledb_catalog.bgw_job b LEFT JOIN _timescaledb_internal.bgw_job_stat s ON s.job_id = b.id
    WHERE b.id = $1;
END
$$;

CREATE FUNCTION alter_job(
    job_id integer, schedule_interval interval DEFAULT NULL, max_runtime interval DEFAULT NULL,
    max_retries integer DEFAULT NULL, retry_period interval DEFAULT NULL, scheduled bool DEFAULT NULL,
    config jsonb DEFAULT NULL, next_start timestamptz DEFAULT NULL, if_exists bool DEFAULT false,
    check_config regproc DEFAULT NULL, fixed_schedule bool DEFAULT NULL,
    initial_start timestamptz DEFAULT NULL, timezone text DEFAULT NULL, job_name text DEFAULT NULL)
  RETURNS TABLE (job_id integer, schedule_interval interval, max_runtime interval, max_retries integer,
                 retry_period interval, scheduled bool, config jsonb, next_start timestamptz,
                 check_config text, fixed_schedule bool, initial_start timestamptz, timezone text,
                 application_name name)
  LANGUAGE sql VOLATILE AS
$$
  SELECT * FROM _timescaledb_functions.job_alter($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
$$;

-- For the server's scheduler: what is due is marked as started.
CREATE FUNCTION _timescaledb_functions.jobs_start_due(first_time boolean)
  RETURNS TABLE (job text, job_owner text, longest_ms text, command text) LANGUAGE plpgsql AS
$$
DECLARE
  due record;
BEGIN
  IF first_time THEN
    UPDATE _timescaledb_internal.bgw_job_stat s
    SET running = false, total_crashes = s.total_crashes + 1, consecutive_crashes = s.consecutive_crashes + 1,
        last_run_success = false, last_finish = s.last_start, next_start = now()
    WHERE s.running;
  END IF;
  FOR due IN
    SELECT b.id, b.owner, b.max_runtime, b.proc_schema, b.proc_name
    FROM _timescaledb_catalog.bgw_job b JOIN _timescaledb_internal.bgw_job_stat s ON s.job_id = b.id
    WHERE b.scheduled AND NOT s.running AND s.next_start <= now()
      AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = b.owner)
    ORDER BY s.next_start FOR UPDATE OF s SKIP LOCKED
  LOOP
    UPDATE _timescaledb_internal.bgw_job_stat s
    SET running = true, last_start = clock_timestamp(), total_runs = s.total_runs + 1 WHERE s.job_id = due.id;
    job := due.id;
    job_owner := due.owner;
    longest_ms := (extract(epoch FROM due.max_runtime) * 1000)::bigint;
    BEGIN
      command := _timescaledb_functions.job_command(due.id);
    EXCEPTION WHEN undefined_function THEN
      command := format('CALL %I.%I(%s, NULL::jsonb)', due.proc_schema, due.proc_name, due.id);  -- says what is missing
    END;
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE FUNCTION _timescaledb_functions.job_finished(finished_id integer, success boolean, state text, message text)
  RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
  job _timescaledb_catalog.bgw_job;
  stat _timescaledb_internal.bgw_job_stat;
  finish timestamptz := clock_timestamp();
  next timestamptz;
BEGIN
  SELECT * INTO job FROM _timescaledb_catalog.bgw_job b WHERE b.id = finished_id;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT * INTO stat FROM _timescaledb_internal.bgw_job_stat s WHERE s.job_id = finished_id FOR UPDATE;
  next := _timescaledb_functions.job_next_start(job, finish);
  IF NOT success THEN
    -- Each failure in a row doubles the time to the next try, up to the schedule's own.
    next := least(next, finish + job.retry_period * power(2, least(stat.consecutive_failures, 20)));
    IF job.max_retries >= 0 AND stat.consecutive_failures + 1 > job.max_retries THEN
      UPDATE _timescaledb_catalog.bgw_job b SET scheduled = false WHERE b.id = finished_id;
    END IF;
  END IF;
  -- Who set another time while it ran is followed.
  IF stat.next_start > stat.last_start THEN next := stat.next_start; END IF;
  UPDATE _timescaledb_internal.bgw_job_stat s SET
    running = false, last_finish = finish, next_start = next, last_run_success = success,
    last_successful_finish = CASE WHEN success THEN finish ELSE s.last_successful_finish END,
    total_duration = s.total_duration + CASE WHEN success THEN finish - s.last_start ELSE '0' END,
    total_duration_failures = s.total_duration_failures + CASE WHEN success THEN '0' ELSE finish - s.last_start END,
    total_successes = s.total_successes + success::int,
    total_failures = s.total_failures + (NOT success)::int,
    consecutive_failures = CASE WHEN success THEN 0 ELSE s.consecutive_failures + 1 END,
    consecutive_crashes = 0
  WHERE s.job_id = finished_id;
  INSERT INTO _timescaledb_internal.bgw_job_stat_history (job_id, pid, execution_start, execution_finish, succeeded, data)
  VALUES (finished_id, pg_backend_pid(), stat.last_start, finish, success,
          jsonb_build_object('job', to_jsonb(job)) ||
          CASE WHEN success THEN '{}'::jsonb
               ELSE jsonb_build_object('error_data', jsonb_build_object('sqlerrcode', state, 'message', message)) END);
END
$$;
REVOKE ALL ON FUNCTION _timescaledb_functions.jobs_start_due(boolean),
  _timescaledb_functions.job_finished(integer, boolean, text, text) FROM PUBLIC;

CREATE VIEW timescaledb_information.job_history AS
SELECT h.id, h.job_id, h.succeeded, h.data->'job'->>'proc_schema' AS proc_schema, h.data->'job'->>'proc_name' AS proc_name, h.pid,
       h.execution_start AS start_time, h.execution_finish AS finish_time, h.data->'job'->'config' AS config,
       h.data->'error_data'->>'sqlerrcode' AS sqlerrcode, h.data->'error_data'->>'message' AS err_message
FROM _timescaledb_internal.bgw_job_stat_history h LEFT JOIN _timescaledb_catalog.bgw_job b ON b.id = h.job_id
WHERE pg_has_role(current_user, coalesce(b.owner::text, h.data->'job'->>'owner', 'pg_monitor')::name, 'member')
   OR pg_has_role(current_user, 'pg_monitor', 'member');

CREATE VIEW timescaledb_information.job_errors AS
SELECT job_id, proc_schema, proc_name, pid, start_time, finish_time, sqlerrcode, err_message
FROM timescaledb_information.job_history WHERE NOT succeeded;
GRANT SELECT ON ALL TABLES IN SCHEMA timescaledb_information TO PUBLIC;
