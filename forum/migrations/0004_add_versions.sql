-- Versions, by which a process knows in one glance that what it has kept of a page still holds (docs/adr/0023-versions.md).
-- Nothing here rewrites a table for long: topics and marks that stand get the version 0 they would have had.

CREATE SEQUENCE versions AS bigint CACHE 1;
COMMENT ON SEQUENCE versions IS 'The next version of a topic or of a member''s mark; drawn by stamp_version alone.';

-- The transaction gets its number before the version: whoever sees a later version also sees that this one is under way.
CREATE FUNCTION stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_current_xact_id();
    NEW.version := nextval('versions');
    RETURN NEW;
END
$$;

ALTER TABLE topics ADD COLUMN version bigint NOT NULL DEFAULT 0;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_version_idx ON topics (version);
CREATE TRIGGER topics_stamp_version
BEFORE INSERT OR UPDATE ON topics
FOR EACH ROW EXECUTE FUNCTION stamp_version();

-- Pinned or not: for the last post of a category, and for what moved since a member looked.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_category_activity_idx ON topics (category_id, last_post_at) WHERE deleted_at IS NULL;

ALTER TABLE topic_reads ADD COLUMN version bigint NOT NULL DEFAULT 0;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topic_reads_version_idx ON topic_reads (member_id, version);
CREATE TRIGGER topic_reads_stamp_version
BEFORE INSERT OR UPDATE ON topic_reads
FOR EACH ROW EXECUTE FUNCTION stamp_version();

-- What changes in a post changes its topic's pages; a reply's own insert has already changed the topic.
CREATE FUNCTION touch_topic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE topics SET version = 0 WHERE topics.id = NEW.topic_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER posts_touch_topic
AFTER UPDATE ON posts
FOR EACH ROW EXECUTE FUNCTION touch_topic();
CREATE TRIGGER topic_notices_touch_topic
AFTER INSERT OR UPDATE ON topic_notices
FOR EACH ROW EXECUTE FUNCTION touch_topic();

CREATE TABLE foundations (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT foundations_id_check CHECK (id = 1),
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE foundations IS 'The one row whose version grows when anything changes that pages everywhere rest on and that changes seldom: members and their names, organisations, regions, categories, groups, grants, and topics that leave their category.';
INSERT INTO foundations DEFAULT VALUES;

CREATE FUNCTION touch_foundations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE foundations SET version = foundations.version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER regions_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON regions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER organisations_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON organisations
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER members_touch_foundations
AFTER INSERT OR UPDATE OF organisation_id, name, suspended_until OR DELETE ON members
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER groups_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON groups
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER group_members_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON group_members
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER categories_touch_foundations
AFTER INSERT OR DELETE
OR UPDATE OF slug, position, name_el, name_en, description_el, description_en, kinds ON categories
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER grants_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON grants
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER topics_touch_foundations
AFTER DELETE OR UPDATE OF category_id ON topics
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER topic_reads_touch_foundations
AFTER DELETE ON topic_reads
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();

-- Rights begin with the member who is asked about: their groups are looked up once, then each category's few grants.
CREATE OR REPLACE VIEW memberships (member_id, group_id) AS
SELECT members.id, joined.group_id
FROM members
JOIN organisations ON organisations.id = members.organisation_id
CROSS JOIN LATERAL (
    SELECT group_members.group_id
    FROM group_members
    WHERE group_members.member_id = members.id
    UNION ALL
    SELECT groups.id
    FROM groups
    WHERE groups.organisation_id = members.organisation_id
    UNION ALL
    SELECT groups.id
    FROM groups
    WHERE groups.region_id = organisations.region_id
) AS joined;

CREATE OR REPLACE VIEW category_rights
    (member_id, category_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate) AS
SELECT
    members.id,
    categories.id,
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
CROSS JOIN categories
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
    WHERE grants.category_id = categories.id AND grants.group_id = ANY (joined.group_ids)
) AS rights
WHERE
    rights.can_see
    AND (members.suspended_until IS NULL OR members.suspended_until <= now());
