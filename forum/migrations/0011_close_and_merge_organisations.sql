-- Organisations that close, merge and change their address; posts and topics that keep the name they were written under.

-- A new column without a default is null in every row, and PostgreSQL looks at none for its foreign key; organisations are
-- few.
ALTER TABLE organisations
ADD COLUMN closed_at timestamptz,
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN merged_into_id bigint REFERENCES organisations,
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT organisations_merger_check
    CHECK (merged_into_id IS NULL OR (closed_at IS NOT NULL AND merged_into_id <> id));
COMMENT ON COLUMN organisations.closed_at IS 'Since when it takes no new members and is not offered for choice.';
COMMENT ON COLUMN organisations.merged_into_id IS 'The organisation its members passed on to; its own page leads there.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX organisations_merged_into_id_idx ON organisations (merged_into_id) WHERE merged_into_id IS NOT NULL;

CREATE TABLE former_slugs (
    slug text PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_slugs_organisation_id_idx ON former_slugs (organisation_id);
COMMENT ON TABLE former_slugs IS 'Addresses that organisations had before: whoever follows one is led to the present one.';

-- Whichever way a member comes in: the organisation is open, and stays so until they are in.
CREATE FUNCTION require_open_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz;
BEGIN
    SELECT organisations.closed_at INTO since
    FROM organisations
    WHERE organisations.id = NEW.organisation_id
    FOR SHARE;
    IF since IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = 'members_organisation_open',
            MESSAGE = 'the organisation is closed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER members_require_open_organisation
BEFORE INSERT OR UPDATE OF organisation_id ON members
FOR EACH ROW EXECUTE FUNCTION require_open_organisation();

ALTER TABLE group_members
ADD COLUMN is_owner boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN group_members.is_owner IS 'Whether the member may put others into the group, a free one, and take them out.';

ALTER TABLE topics
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN organisation_id bigint REFERENCES organisations,
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN last_organisation_id bigint REFERENCES organisations;
COMMENT ON COLUMN topics.organisation_id IS 'What its author belonged to when they wrote it; null for what they belong to now (docs/adr/0029-places.md).';
COMMENT ON COLUMN topics.last_organisation_id IS 'The same of whoever wrote the last post that is not deleted.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_organisation_id_idx ON topics (organisation_id, id) WHERE organisation_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_last_organisation_id_idx ON topics (last_organisation_id) WHERE last_organisation_id IS NOT NULL;

ALTER TABLE posts
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN organisation_id bigint REFERENCES organisations;
COMMENT ON COLUMN posts.organisation_id IS 'What its author belonged to when they wrote it; null for what they belong to now (docs/adr/0029-places.md).';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX posts_organisation_id_idx ON posts (organisation_id, id) WHERE organisation_id IS NOT NULL;

-- An organisation kept at a post is no change of the post: the foundations, which the move touches, tell of it.
DROP TRIGGER posts_touch_topic ON posts;
CREATE TRIGGER posts_touch_topic
AFTER UPDATE ON posts
FOR EACH ROW WHEN (new.organisation_id IS NOT DISTINCT FROM old.organisation_id) EXECUTE FUNCTION touch_topic();
