-- Sub-categories, archived categories, and addresses that categories had before (docs/adr/0032-sub-categories.md).

ALTER TABLE categories
ADD COLUMN parent_id bigint,
ADD COLUMN inherits_grants boolean NOT NULL DEFAULT false,
ADD COLUMN archived_at timestamptz,
-- There are as many categories as fit on a page: the locks are short.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES categories,
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT categories_inherits_grants_check CHECK (parent_id IS NOT NULL OR NOT inherits_grants);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX categories_parent_id_idx ON categories (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON COLUMN categories.position IS 'Its place among all categories: sub-categories follow their parent.';
COMMENT ON COLUMN categories.parent_id IS 'The category it is a sub-category of; it is visible to nobody who does not see that one.';
COMMENT ON COLUMN categories.inherits_grants IS 'Whether the parent''s grants say who may do what here, too, and not its own.';
COMMENT ON COLUMN categories.archived_at IS 'Since when nothing is written in it any more; who may read it still may.';

-- Two levels and no more: rights are asked on every page.
CREATE FUNCTION require_two_levels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM categories
        WHERE (categories.id = NEW.parent_id AND categories.parent_id IS NOT NULL) OR categories.parent_id = NEW.id
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = 'categories_two_levels',
            MESSAGE = 'a sub-category has no sub-categories';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER categories_require_two_levels
BEFORE INSERT OR UPDATE OF parent_id ON categories
FOR EACH ROW WHEN (new.parent_id IS NOT NULL) EXECUTE FUNCTION require_two_levels();

CREATE TABLE former_category_slugs (
    slug text PRIMARY KEY,
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_category_slugs_category_id_idx ON former_category_slugs (category_id);
COMMENT ON TABLE former_category_slugs IS 'Addresses that categories had before, those merged into them included: whoever may see the category is led there.';

DROP TRIGGER categories_touch_foundations ON categories;
CREATE TRIGGER categories_touch_foundations
AFTER INSERT OR DELETE
OR UPDATE OF
    slug, position, name_el, name_en, description_el, description_en, kinds, parent_id, inherits_grants, archived_at
ON categories
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER former_category_slugs_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON former_category_slugs
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();

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
    rights.can_start AND categories.archived_at IS NULL,
    rights.can_reply AND categories.archived_at IS NULL,
    rights.can_vote AND categories.archived_at IS NULL,
    rights.can_attach AND categories.archived_at IS NULL,
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
    AND (members.suspended_until IS NULL OR members.suspended_until <= now());
COMMENT ON VIEW category_rights IS 'Rights of member × category; no row where the member may not even see it or the category above it, or is suspended. Of topics started before topics_since (internal ones: internal_since) none can be read.';

CREATE OR REPLACE VIEW topic_rights
    (member_id, topic_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate) AS
SELECT
    members.id,
    topics.id,
    rights.can_see,
    rights.can_read,
    rights.can_start AND categories.archived_at IS NULL,
    rights.can_reply AND categories.archived_at IS NULL,
    rights.can_vote AND categories.archived_at IS NULL,
    rights.can_attach AND categories.archived_at IS NULL,
    rights.can_moderate
FROM members
CROSS JOIN LATERAL (
    SELECT array_agg(memberships.group_id) AS group_ids
    FROM memberships
    WHERE memberships.member_id = members.id
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
    AND (members.suspended_until IS NULL OR members.suspended_until <= now());
COMMENT ON VIEW topic_rights IS 'Rights of member × topic; no row where the member may not read it. What may be done in it is granted for topics of its age alone.';
