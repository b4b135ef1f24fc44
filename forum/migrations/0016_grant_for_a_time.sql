-- Rights that begin and end at an instant, and that may leave older topics with those who could read them before.

-- There are as many grants as groups have categories: the table is small, and its columns' defaults are constants.
ALTER TABLE grants
ADD COLUMN valid_from timestamptz NOT NULL DEFAULT '-infinity',
ADD COLUMN valid_until timestamptz NOT NULL DEFAULT 'infinity',
ADD COLUMN topics_since timestamptz NOT NULL DEFAULT '-infinity',
ADD COLUMN internal_since timestamptz NOT NULL DEFAULT '-infinity',
-- squawk-ignore ban-drop-constraint
DROP CONSTRAINT grants_pkey,
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
ADD PRIMARY KEY (category_id, group_id, valid_from),
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT grants_valid_check CHECK (valid_from < valid_until),
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT grants_since_check CHECK (topics_since <= internal_since);
COMMENT ON COLUMN grants.valid_from IS 'From this instant on, until valid_until, the group holds the rights; the view compares, no job has to act.';
COMMENT ON COLUMN grants.topics_since IS 'Topics that were started before are not meant: they keep the audience they had.';
COMMENT ON COLUMN grants.internal_since IS 'The same for topics marked internal.';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_internal_idx ON topics (category_id, created_at) WHERE is_internal AND deleted_at IS NULL;

CREATE OR REPLACE VIEW category_rights
    (
        member_id, category_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate,
        topics_since, internal_since
    ) AS
SELECT
    members.id,
    categories.id,
    rights.can_see,
    rights.can_read,
    rights.can_start,
    rights.can_reply,
    rights.can_vote,
    rights.can_attach,
    rights.can_moderate,
    rights.topics_since,
    rights.internal_since
FROM members
CROSS JOIN LATERAL (
    SELECT array_agg(memberships.group_id) AS group_ids
    FROM memberships
    WHERE memberships.member_id = members.id
) AS joined
CROSS JOIN categories
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(grants.can_see), false) AS can_see,
        coalesce(bool_or(grants.can_read), false) AS can_read,
        coalesce(bool_or(grants.can_start), false) AS can_start,
        coalesce(bool_or(grants.can_reply), false) AS can_reply,
        coalesce(bool_or(grants.can_vote), false) AS can_vote,
        coalesce(bool_or(grants.can_attach), false) AS can_attach,
        coalesce(bool_or(grants.can_moderate), false) AS can_moderate,
        min(grants.topics_since) FILTER (WHERE grants.can_read) AS topics_since,
        min(grants.internal_since) FILTER (WHERE grants.can_read) AS internal_since
    FROM grants
    WHERE
        grants.category_id = categories.id AND grants.group_id = ANY (joined.group_ids)
        AND grants.valid_from <= now() AND grants.valid_until > now()
) AS rights
WHERE
    rights.can_see
    AND (members.suspended_until IS NULL OR members.suspended_until <= now());
COMMENT ON VIEW category_rights IS 'Rights of member × category; no row where the member may not even see it, or is suspended. Of topics started before topics_since (internal ones: internal_since) none can be read.';

CREATE VIEW topic_rights
    (member_id, topic_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate) AS
SELECT
    members.id,
    topics.id,
    rights.can_see,
    rights.can_read,
    rights.can_start,
    rights.can_reply,
    rights.can_vote,
    rights.can_attach,
    rights.can_moderate
FROM members
CROSS JOIN LATERAL (
    SELECT array_agg(memberships.group_id) AS group_ids
    FROM memberships
    WHERE memberships.member_id = members.id
) AS joined
CROSS JOIN topics
CROSS JOIN LATERAL (
    SELECT
        coalesce(bool_or(grants.can_see), false) AS can_see,
        coalesce(bool_or(grants.can_read), false) AS can_read,
        coalesce(bool_or(grants.can_start), false) AS can_start,
        coalesce(bool_or(grants.can_reply), false) AS can_reply,
        coalesce(bool_or(grants.can_vote), false) AS can_vote,
        coalesce(bool_or(grants.can_attach), false) AS can_attach,
        coalesce(bool_or(grants.can_moderate), false) AS can_moderate
    FROM grants
    WHERE
        grants.category_id = topics.category_id AND grants.group_id = ANY (joined.group_ids)
        AND grants.valid_from <= now() AND grants.valid_until > now()
        AND topics.created_at >= CASE WHEN topics.is_internal THEN grants.internal_since ELSE grants.topics_since END
) AS rights
WHERE
    rights.can_read
    AND (members.suspended_until IS NULL OR members.suspended_until <= now());
COMMENT ON VIEW topic_rights IS 'Rights of member × topic; no row where the member may not read it. What may be done in it is granted for topics of its age alone.';

-- An instant passes and nothing is written: what is kept of pages has to know of it all the same.
CREATE TABLE rights_instants (
    at timestamptz PRIMARY KEY
);
COMMENT ON TABLE rights_instants IS 'When grants begin or end that had not yet when they were written. How many of them have passed goes into what pages are kept under (docs/adr/0031-grants-in-time.md).';

CREATE FUNCTION note_rights_instants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM rights_instants WHERE rights_instants.at <= now();
    INSERT INTO rights_instants (at)
    SELECT instants.at
    FROM written
    CROSS JOIN LATERAL (VALUES (written.valid_from), (written.valid_until)) AS instants (at)
    WHERE instants.at > now() AND instants.at < 'infinity'
    ON CONFLICT (at) DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER grants_note_rights_instants_inserted
AFTER INSERT ON grants
REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION note_rights_instants();
CREATE TRIGGER grants_note_rights_instants_updated
AFTER UPDATE ON grants
REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION note_rights_instants();
