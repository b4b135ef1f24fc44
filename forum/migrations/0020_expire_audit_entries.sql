-- The audit log can be read by who, what and when, and what is older than it is kept goes: by one way, and only that.

-- In the order in which it is read, the newest first; each filter finds its entries without passing over the others.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_entries_created_at_idx ON audit_entries (created_at, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_entries_act_idx ON audit_entries (act, created_at, id);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX audit_entries_actor_id_idx;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_entries_actor_id_idx ON audit_entries (actor_id, created_at, id);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX audit_entries_subject_idx;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_entries_subject_idx ON audit_entries (subject, subject_id, created_at, id);
COMMENT ON TABLE audit_entries IS 'Who did what to what, and when; append-only, but for what expire_audit_entries deletes. Holds member ids, never names, bodies, passwords or tokens.';

-- The setting alone opens nothing: anybody may set it, but only within the function below is the application the owner.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tg_op = 'DELETE' AND tg_level = 'STATEMENT' AND current_setting('koinon.expiring', true) = 'on'
        AND current_user = (SELECT pg_get_userbyid(pg_class.relowner) FROM pg_class WHERE pg_class.oid = tg_relid)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Whatever deletes: nothing goes that is younger than a year.
CREATE TRIGGER audit_entries_kept_a_year
BEFORE DELETE ON audit_entries
FOR EACH ROW WHEN (old.created_at > now() - interval '365 days') EXECUTE FUNCTION refuse_change();

CREATE FUNCTION expire_audit_entries(older_than interval) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    until timestamptz := now() - older_than;
    deleted bigint;
BEGIN
    -- Instants are compared: as intervals, '-1000 months 30400 days' is longer than a year, and it ends in the future.
    IF until IS NULL OR until > now() - interval '365 days' THEN
        RAISE EXCEPTION 'the audit log is kept for 365 days at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('koinon.expiring', 'on', true);
    DELETE FROM public.audit_entries
    WHERE audit_entries.id IN (
        SELECT expired.id
        FROM public.audit_entries AS expired
        WHERE expired.created_at < until
        ORDER BY expired.created_at, expired.id
        LIMIT 5000
    );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    PERFORM set_config('koinon.expiring', '', true);
    RETURN deleted;
END
$$;
COMMENT ON FUNCTION expire_audit_entries IS 'Deletes up to 5000 entries older than that, at least a year, and says how many.';
REVOKE ALL ON FUNCTION expire_audit_entries FROM public;
