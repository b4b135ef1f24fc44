-- An administrator looks as a group or a member would: their session says so, and rights are asked of other views
-- (docs/adr/0033-looking-as-others.md).

ALTER TABLE sessions
ADD COLUMN looks_as_group_id bigint,
ADD COLUMN looks_as_member_id bigint,
-- Sessions are few and short-lived: the locks are short.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT sessions_looks_as_group_id_fkey
FOREIGN KEY (looks_as_group_id) REFERENCES groups ON DELETE SET NULL,
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT sessions_looks_as_member_id_fkey
FOREIGN KEY (looks_as_member_id) REFERENCES members ON DELETE SET NULL,
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT sessions_looks_check CHECK (looks_as_group_id IS NULL OR looks_as_member_id IS NULL);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sessions_looks_as_group_id_idx ON sessions (looks_as_group_id) WHERE looks_as_group_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sessions_looks_as_member_id_idx ON sessions (looks_as_member_id) WHERE looks_as_member_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sessions_looking_idx ON sessions ((- id))
WHERE looks_as_group_id IS NOT NULL OR looks_as_member_id IS NOT NULL;
COMMENT ON COLUMN sessions.looks_as_group_id IS 'The group whose rights its administrator looks with at present; neither this nor a member: their own.';

CREATE VIEW looked_memberships (member_id, group_id) AS
SELECT - sessions.id, held.group_id
FROM sessions
CROSS JOIN LATERAL (
    SELECT sessions.looks_as_group_id AS group_id
    WHERE sessions.looks_as_group_id IS NOT NULL
    UNION ALL
    SELECT memberships.group_id
    FROM memberships
    JOIN members ON members.id = memberships.member_id
    WHERE
        memberships.member_id = sessions.looks_as_member_id
        AND (members.suspended_until IS NULL OR members.suspended_until <= now())
) AS held
WHERE sessions.looks_as_group_id IS NOT NULL OR sessions.looks_as_member_id IS NOT NULL;
COMMENT ON VIEW looked_memberships IS 'As memberships, of sessions that look as others: member_id is the session''s number, negative, so that nothing else is theirs.';

CREATE VIEW looked_category_rights
    (
        member_id, category_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate,
        topics_since, internal_since
    ) AS
SELECT
    - sessions.id,
    categories.id,
    rights.can_see,
    rights.can_read,
    rights.can_start AND categories.archived_at IS NULL,
    rights.can_reply AND categories.archived_at IS NULL,
    rights.can_vote AND categories.archived_at IS NULL,
    rights.can_attach AND categories.archived_at IS NULL,
    rights.can_moderate,
    rights.topics_since,
    rights.internal_since
FROM sessions
CROSS JOIN LATERAL (
    SELECT array_agg(looked_memberships.group_id) AS group_ids
    FROM looked_memberships
    WHERE looked_memberships.member_id = - sessions.id
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
        grants.category_id = CASE WHEN categories.inherits_grants THEN categories.parent_id ELSE categories.id END
        AND grants.group_id = ANY (joined.group_ids)
        AND grants.valid_from <= now() AND grants.valid_until > now()
) AS rights
WHERE
    rights.can_see
    AND (
        categories.parent_id IS NULL
        OR categories.inherits_grants
        OR EXISTS (
            SELECT 1
            FROM grants AS above
            WHERE
                above.category_id = categories.parent_id AND above.group_id = ANY (joined.group_ids)
                AND above.can_see AND above.valid_from <= now() AND above.valid_until > now()
        )
    )
    AND (sessions.looks_as_group_id IS NOT NULL OR sessions.looks_as_member_id IS NOT NULL);
COMMENT ON VIEW looked_category_rights IS 'As category_rights, of sessions that look as others.';

CREATE VIEW looked_topic_rights
    (member_id, topic_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate) AS
SELECT
    - sessions.id,
    topics.id,
    rights.can_see,
    rights.can_read,
    rights.can_start AND categories.archived_at IS NULL,
    rights.can_reply AND categories.archived_at IS NULL,
    rights.can_vote AND categories.archived_at IS NULL,
    rights.can_attach AND categories.archived_at IS NULL,
    rights.can_moderate
FROM sessions
CROSS JOIN LATERAL (
    SELECT array_agg(looked_memberships.group_id) AS group_ids
    FROM looked_memberships
    WHERE looked_memberships.member_id = - sessions.id
) AS joined
CROSS JOIN topics
JOIN categories ON categories.id = topics.category_id
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
        grants.category_id = CASE WHEN categories.inherits_grants THEN categories.parent_id ELSE categories.id END
        AND grants.group_id = ANY (joined.group_ids)
        AND grants.valid_from <= now() AND grants.valid_until > now()
        AND topics.created_at >= CASE WHEN topics.is_internal THEN grants.internal_since ELSE grants.topics_since END
) AS rights
WHERE
    rights.can_read
    AND (
        categories.parent_id IS NULL
        OR categories.inherits_grants
        OR EXISTS (
            SELECT 1
            FROM grants AS above
            WHERE
                above.category_id = categories.parent_id AND above.group_id = ANY (joined.group_ids)
                AND above.can_see AND above.valid_from <= now() AND above.valid_until > now()
        )
    )
    AND (sessions.looks_as_group_id IS NOT NULL OR sessions.looks_as_member_id IS NOT NULL);
COMMENT ON VIEW looked_topic_rights IS 'As topic_rights, of sessions that look as others.';
