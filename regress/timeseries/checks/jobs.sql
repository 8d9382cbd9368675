-- Jobs: what policies_jobs of TimescaleDB's own answers shows of them without hypertables, and the scheduler. Every cell must
-- come out true.
CREATE EXTENSION timescaledb;
SET timezone = 'UTC';
CREATE TABLE journal (i int GENERATED ALWAYS AS IDENTITY, job int, conf jsonb, who name DEFAULT current_user);
CREATE PROCEDURE note_it(job_id int, config jsonb) LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO journal (job, conf) VALUES (job_id, config); RAISE NOTICE 'noted %', config->>'word'; END $$;
CREATE FUNCTION word_given(config jsonb) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN IF config->>'word' IS NULL THEN RAISE EXCEPTION 'a word is needed'; END IF; END $$;
CREATE FUNCTION fails(command text, message text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN EXECUTE command; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM = message; END';
-- Statements of other sessions show between the statements of a procedure; gives up after a minute.
CREATE PROCEDURE wait_for(condition text) LANGUAGE plpgsql AS
$$ DECLARE done boolean; BEGIN FOR i IN 1..600 LOOP EXECUTE 'SELECT ' || condition INTO done; EXIT WHEN done; PERFORM pg_sleep(0.1); END LOOP; END $$;

SELECT fails($$SELECT add_job('note_it', '1 hour', config => '{}', check_config => 'word_given'::regproc)$$, 'a word is needed');
SELECT add_job('note_it', '1 hour', config => '{"word": "hello"}', initial_start => '2100-01-01 00:00+00', check_config => 'word_given'::regproc, job_name => 'Noting') = 1000;
SELECT application_name = 'Noting [1000]', schedule_interval = '1 hour', max_runtime = '0', max_retries = -1, retry_period = '5 minutes', proc_schema = 'public',
       proc_name = 'note_it', scheduled, fixed_schedule, config = '{"word": "hello"}', check_name = 'word_given', next_start = '2100-01-01 00:00+00',
       owner = current_user::regrole, hypertable_name IS NULL FROM timescaledb_information.jobs WHERE job_id = 1000;
CALL run_job(1000);
SELECT job = 1000, conf = '{"word": "hello"}' FROM journal;
SELECT schedule_interval = '2 days', max_retries = 3, NOT scheduled, config = '{"word": "again"}', fixed_schedule, check_config = 'public.word_given'
FROM alter_job(1000, schedule_interval => '2 days', max_retries => 3, scheduled => false, config => '{"word": "again"}');
SELECT fails($$SELECT config FROM alter_job(1000, config => '{"no": 1}')$$, 'a word is needed');
CALL run_job(1000);
SELECT count(*) = 2, count(*) FILTER (WHERE conf = '{"word": "again"}') = 1 FROM journal;
SELECT fails('SELECT * FROM alter_job(99999, scheduled => false)', 'job 99999 not found');
SELECT job_id IS NULL FROM alter_job(99999, scheduled => false, if_exists => true);
SELECT delete_job(1000)::text = '';
SELECT fails('SELECT delete_job(1000)', 'job 1000 not found'), fails('CALL run_job(1000)', 'job 1000 not found');
SELECT count(*) = 0 FROM timescaledb_information.jobs WHERE job_id >= 1000;

-- A job may end its transaction, by hand too.
CREATE PROCEDURE in_steps(job_id int, config jsonb) LANGUAGE plpgsql AS
$$ BEGIN FOR i IN 1..3 LOOP INSERT INTO journal (job, conf) VALUES (job_id, to_jsonb(txid_current())); COMMIT; END LOOP; END $$;
TRUNCATE journal;
SELECT add_job('in_steps', '1 hour', initial_start => '2100-01-01 00:00+00') AS steps \gset
CALL run_job(:steps);
SELECT count(*) = 3, count(DISTINCT conf) = 3 FROM journal WHERE job = :steps;
BEGIN;
SELECT fails('CALL run_job(' || :steps || ')', 'invalid transaction termination');
ROLLBACK;
SELECT delete_job(:steps)::text = '';

-- The scheduler runs what is due, as its owner.
TRUNCATE journal;
SELECT add_job('note_it', '1 hour', config => '{"word": "by itself"}') = 1002;
CALL wait_for('EXISTS (SELECT FROM timescaledb_information.job_history WHERE job_id = 1002)');
SELECT count(*) = 1, bool_and(job = 1002 AND conf = '{"word": "by itself"}' AND who = current_user) FROM journal;
SELECT last_run_status = 'Success', job_status = 'Scheduled', total_runs = 1, total_successes = 1, total_failures = 0,
       next_start > now() AND next_start <= now() + interval '1 hour', last_run_duration >= '0' FROM timescaledb_information.job_stats WHERE job_id = 1002;
SELECT succeeded, proc_name = 'note_it', config = '{"word": "by itself"}', err_message IS NULL FROM timescaledb_information.job_history WHERE job_id = 1002;
SELECT count(*) = 0 FROM timescaledb_information.job_errors;

-- What fails is tried again, and given up after max_retries.
CREATE PROCEDURE divide(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / (config->>'by')::int; COMMIT; END $$;
SELECT add_job('divide', '1 hour', config => '{"by": 0}', initial_start => '2100-01-01 00:00+00') = 1003;
SELECT retry_period = '100 milliseconds', max_retries = 1 FROM alter_job(1003, retry_period => '100 milliseconds', max_retries => 1, next_start => now());
CALL wait_for('(SELECT count(*) = 2 FROM timescaledb_information.job_errors WHERE job_id = 1003)');
SELECT count(*) = 2, bool_and(sqlerrcode = '22012' AND err_message = 'division by zero' AND proc_name = 'divide') FROM timescaledb_information.job_errors WHERE job_id = 1003;
SELECT NOT scheduled FROM timescaledb_information.jobs WHERE job_id = 1003;
SELECT last_run_status = 'Failed', job_status = 'Paused', total_failures = 2, next_start IS NULL FROM timescaledb_information.job_stats WHERE job_id = 1003;
SELECT config = '{"by": 1}', scheduled FROM alter_job(1003, config => '{"by": 1}', scheduled => true, next_start => now());
CALL wait_for('(SELECT total_successes = 1 FROM timescaledb_information.job_stats WHERE job_id = 1003)');
SELECT last_run_status = 'Success', total_runs = 3 FROM timescaledb_information.job_stats WHERE job_id = 1003;

-- A job is its owner's; others neither change nor run it.
CREATE ROLE regress_job_owner; CREATE ROLE regress_job_other;
GRANT INSERT ON journal TO regress_job_owner;
SET SESSION AUTHORIZATION regress_job_owner;
SELECT add_job('note_it', '1 day', config => '{"word": "mine"}') = 1004;
SET SESSION AUTHORIZATION regress_job_other;
SELECT fails('SELECT delete_job(1004)', 'insufficient permissions to alter job 1004'), fails('CALL run_job(1004)', 'insufficient permissions to alter job 1004'),
       fails('SELECT * FROM alter_job(1004, scheduled => false)', 'insufficient permissions to alter job 1004');
SELECT fails($$UPDATE _timescaledb_catalog.bgw_job SET config = '{}'$$, 'permission denied for table bgw_job');
RESET SESSION AUTHORIZATION;
CALL wait_for('EXISTS (SELECT FROM timescaledb_information.job_history WHERE job_id = 1004)');
SELECT bool_or(who = 'regress_job_owner') FROM journal;
SELECT delete_job(job_id)::text = '' FROM timescaledb_information.jobs WHERE job_id >= 1000;
DROP EXTENSION timescaledb CASCADE;
SELECT count(*) = 0 FROM pg_namespace WHERE nspname LIKE '%timescaledb%';
DROP TABLE journal;
DROP ROLE regress_job_owner; DROP ROLE regress_job_other;
