-- The whole database of Koinon in reading order: places, people, groups, categories, rights, topics, posts, files,
-- sessions, tokens, mail, invitations, audit.  It is what the migrations in forum/migrations add up to; a test compares the two.
-- Texts that people type are bounded by CHECKs; forms and API take their limits from the same numbers (a test compares them).

CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- One key for comparing and sorting names: accents off, lower case, final sigma as sigma.
-- Its code-point order is the right Greek order.
CREATE FUNCTION fold(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(lower(unaccent('unaccent'::regdictionary, $1)), 'ς', 'σ');

-- One key for finding a member by a mention: the folded name with single dots for its blanks (@Νίκος.Καραντώνης).
CREATE FUNCTION mention_key(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(fold($1), '[\s.]+', '.', 'g');

-- Words of a text for search: Greek words without accents and stemmed, Latin words stemmed as English.
CREATE TEXT SEARCH CONFIGURATION koinon (COPY = greek);
ALTER TEXT SEARCH CONFIGURATION koinon
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, greek_stem;
ALTER TEXT SEARCH CONFIGURATION koinon
    ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH english_stem;

-- The network -------------------------------------------------------------------------------------

CREATE TABLE network (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT network_id_check CHECK (id = 1),
    name_el text NOT NULL CONSTRAINT network_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 40),
    name_en text NOT NULL CONSTRAINT network_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 40),
    tagline_el text NOT NULL CONSTRAINT network_tagline_el_check CHECK (length(tagline_el) <= 80),
    tagline_en text NOT NULL CONSTRAINT network_tagline_en_check CHECK (length(tagline_en) <= 80),
    accent text CONSTRAINT network_accent_check CHECK (accent ~ '^#[0-9a-f]{6}$'),
    updated_at timestamptz NOT NULL DEFAULT now(),
    requires_second_factor boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE network IS 'The one row that says what the network calls itself, and the accent colour its administrators chose; accent is null for the colour of the house.';

-- Places ------------------------------------------------------------------------------------------

CREATE TABLE regions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT regions_slug_key UNIQUE
        CONSTRAINT regions_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
    name_el text NOT NULL CONSTRAINT regions_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 120),
    name_en text NOT NULL CONSTRAINT regions_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 120),
    country text NOT NULL CONSTRAINT regions_country_check CHECK (country ~ '^[A-Z]{2}$'),
    subdivision text CONSTRAINT regions_subdivision_check CHECK (subdivision ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$'),
    nuts text CONSTRAINT regions_nuts_check CHECK (nuts ~ '^[A-Z]{2}[A-Z0-9]{0,3}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE regions IS 'A region of a member state whose municipalities take part; ISO 3166-1 country, ISO 3166-2 subdivision and NUTS code where there is one.';

CREATE TABLE organisations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT organisations_slug_key UNIQUE
        CONSTRAINT organisations_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
    kind text NOT NULL CONSTRAINT organisations_kind_check CHECK (kind IN ('municipality', 'association', 'partner')),
    region_id bigint REFERENCES regions,
    name_el text NOT NULL CONSTRAINT organisations_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 160),
    name_en text NOT NULL CONSTRAINT organisations_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 160),
    district_el text CONSTRAINT organisations_district_el_check CHECK (length(btrim(district_el)) BETWEEN 1 AND 120),
    district_en text CONSTRAINT organisations_district_en_check CHECK (length(btrim(district_en)) BETWEEN 1 AND 120),
    is_displaced boolean NOT NULL DEFAULT false,
    population integer CONSTRAINT organisations_population_check CHECK (population > 0),
    population_year smallint CONSTRAINT organisations_population_year_check CHECK (population_year BETWEEN 1900 AND 2200),
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    merged_into_id bigint REFERENCES organisations,
    CONSTRAINT organisations_region_check CHECK ((kind = 'municipality') = (region_id IS NOT NULL)),
    CONSTRAINT organisations_displaced_check CHECK (kind = 'municipality' OR NOT is_displaced),
    CONSTRAINT organisations_census_check CHECK ((population IS NULL) = (population_year IS NULL)),
    CONSTRAINT organisations_merger_check
        CHECK (merged_into_id IS NULL OR (closed_at IS NOT NULL AND merged_into_id <> id))
);
CREATE INDEX organisations_region_id_idx ON organisations (region_id);
CREATE INDEX organisations_merged_into_id_idx ON organisations (merged_into_id) WHERE merged_into_id IS NOT NULL;
COMMENT ON TABLE organisations IS 'What a member belongs to, exactly one: a municipality of a region, an association of municipalities, or a partner.';
COMMENT ON COLUMN organisations.closed_at IS 'Since when it takes no new members and is not offered for choice.';
COMMENT ON COLUMN organisations.merged_into_id IS 'The organisation its members passed on to; its own page leads there.';

CREATE TABLE former_slugs (
    slug text PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_slugs_organisation_id_idx ON former_slugs (organisation_id);
COMMENT ON TABLE former_slugs IS 'Addresses that organisations had before: whoever follows one is led to the present one.';

-- People ------------------------------------------------------------------------------------------

CREATE TABLE members (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    email text NOT NULL CONSTRAINT members_email_key UNIQUE
        CONSTRAINT members_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    name text NOT NULL CONSTRAINT members_name_check CHECK (name = btrim(name) AND length(name) BETWEEN 1 AND 100),
    password_hash text NOT NULL,
    language text NOT NULL DEFAULT 'el' CONSTRAINT members_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    zone text NOT NULL DEFAULT 'Europe/Athens' CONSTRAINT members_zone_check CHECK (length(zone) BETWEEN 1 AND 64),
    suspended_until timestamptz,
    suspension_reason text CONSTRAINT members_suspension_reason_check CHECK (length(suspension_reason) BETWEEN 1 AND 500),
    read_before timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    scheme text NOT NULL DEFAULT 'auto' CONSTRAINT members_scheme_check CHECK (scheme IN ('auto', 'light', 'dark')),
    mail_refused_at timestamptz,
    invitation_id bigint,
    informed_version smallint NOT NULL DEFAULT 1
        CONSTRAINT members_informed_version_check CHECK (informed_version >= 0),
    digest_hour smallint NOT NULL DEFAULT 8 CONSTRAINT members_digest_hour_check CHECK (digest_hour BETWEEN 0 AND 23),
    digest_weekday smallint NOT NULL DEFAULT 1
        CONSTRAINT members_digest_weekday_check CHECK (digest_weekday BETWEEN 1 AND 7),
    CONSTRAINT members_suspension_check CHECK ((suspended_until IS NULL) = (suspension_reason IS NULL))
);
CREATE INDEX members_organisation_id_idx ON members (organisation_id);
CREATE INDEX members_name_idx ON members (fold(name) COLLATE "C", id);
CREATE INDEX members_mention_idx ON members (mention_key(name) COLLATE "C", id);
CREATE INDEX members_invitation_id_idx ON members (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX members_name_trgm_idx ON members USING gin (fold(name) gin_trgm_ops);
COMMENT ON TABLE members IS 'A person who takes part; names and addresses stand here and nowhere else.';
COMMENT ON COLUMN members.mail_refused_at IS 'When a mail server said that there is no such address; nothing is sent there until the address changes or an administrator says so.';
COMMENT ON COLUMN members.invitation_id IS 'The invitation that was accepted: who invited whom.';
COMMENT ON COLUMN members.informed_version IS 'The version of the terms that the member last accepted, or had before them when somebody else made their account.';
COMMENT ON COLUMN members.digest_weekday IS 'On which day the weekly digest comes, 1 for Monday to 7 for Sunday; by the clocks of their zone, as digest_hour.';
COMMENT ON COLUMN members.read_before IS 'Topics whose last post is older count as read: set on joining and by "mark all as read".';

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

CREATE TABLE groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT groups_slug_key UNIQUE
        CONSTRAINT groups_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 100),
    kind text NOT NULL CONSTRAINT groups_kind_check CHECK (kind IN ('system', 'region', 'organisation', 'free')),
    region_id bigint CONSTRAINT groups_region_id_key UNIQUE REFERENCES regions,
    organisation_id bigint CONSTRAINT groups_organisation_id_key UNIQUE REFERENCES organisations,
    name_el text NOT NULL CONSTRAINT groups_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 160),
    name_en text NOT NULL CONSTRAINT groups_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 160),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT groups_region_check CHECK ((kind = 'region') = (region_id IS NOT NULL)),
    CONSTRAINT groups_organisation_check CHECK ((kind = 'organisation') = (organisation_id IS NOT NULL))
);
COMMENT ON TABLE groups IS 'What rights are granted to: a region, an organisation, a system group (moderators, administrators) or a free group.';

CREATE TABLE group_members (
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    is_owner boolean NOT NULL DEFAULT false,
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX group_members_member_id_idx ON group_members (member_id, group_id);
COMMENT ON TABLE group_members IS 'Who was put into a system or free group; region and organisation groups follow from members.organisation_id.';
COMMENT ON COLUMN group_members.is_owner IS 'Whether the member may put others into the group, a free one, and take them out.';

-- Who is in which group, by whatever way.  One source: nothing to keep in step.  LATERAL, so that it begins with the
-- member who is asked about, however many people a region has.
CREATE VIEW memberships (member_id, group_id) AS
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
COMMENT ON VIEW memberships IS 'Every member of every group, region and organisation groups included.';

-- Categories and rights ---------------------------------------------------------------------------

CREATE TABLE categories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT categories_slug_key UNIQUE
        CONSTRAINT categories_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
    position integer NOT NULL,
    name_el text NOT NULL CONSTRAINT categories_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 120),
    name_en text NOT NULL CONSTRAINT categories_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 120),
    description_el text NOT NULL DEFAULT '' CONSTRAINT categories_description_el_check CHECK (length(description_el) <= 500),
    description_en text NOT NULL DEFAULT '' CONSTRAINT categories_description_en_check CHECK (length(description_en) <= 500),
    kinds text[] NOT NULL DEFAULT ARRAY['discussion']
        CONSTRAINT categories_kinds_check CHECK (
            'discussion' = ANY (kinds)
            AND kinds <@ ARRAY['discussion', 'question', 'proposal', 'good_practice', 'guide', 'circular', 'consultation']
        ),
    topic_count integer NOT NULL DEFAULT 0 CONSTRAINT categories_topic_count_check CHECK (topic_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    parent_id bigint REFERENCES categories,
    inherits_grants boolean NOT NULL DEFAULT false,
    archived_at timestamptz,
    is_private boolean NOT NULL DEFAULT false,
    CONSTRAINT categories_inherits_grants_check CHECK (parent_id IS NOT NULL OR NOT inherits_grants),
    CONSTRAINT categories_private_check CHECK (NOT is_private OR parent_id IS NULL)
);
CREATE INDEX categories_parent_id_idx ON categories (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON TABLE categories IS 'A place for topics; who may do what in it is said by grants. topic_count counts topics that are not deleted.';
COMMENT ON COLUMN categories.position IS 'Its place among all categories: sub-categories follow their parent.';
COMMENT ON COLUMN categories.parent_id IS 'The category it is a sub-category of; it is visible to nobody who does not see that one.';
COMMENT ON COLUMN categories.inherits_grants IS 'Whether the parent''s grants say who may do what here, too, and not its own.';
COMMENT ON COLUMN categories.archived_at IS 'Since when nothing is written in it any more; who may read it still may.';
COMMENT ON COLUMN categories.is_private IS 'Whether it belongs to two municipalities alone (twinnings): it stands in no list of categories, and administrators neither see nor change it (docs/adr/0038-twinnings.md).';

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

CREATE TABLE openings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    rights text[] NOT NULL CONSTRAINT openings_rights_check CHECK (
        rights <@ ARRAY['see', 'read', 'start', 'reply', 'vote', 'attach', 'moderate']
    ),
    effective_at timestamptz NOT NULL,
    replaces_from timestamptz,
    tells boolean NOT NULL DEFAULT false,
    gained_member_ids bigint[] NOT NULL DEFAULT '{}',
    actor_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    undone_at timestamptz,
    undone_by_id bigint REFERENCES members,
    review_at timestamptz,
    reminded_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by_id bigint REFERENCES members,
    CONSTRAINT openings_undone_check CHECK ((undone_at IS NULL) = (undone_by_id IS NULL)),
    CONSTRAINT openings_reminded_check CHECK (reminded_at IS NULL OR review_at IS NOT NULL),
    CONSTRAINT openings_reviewed_check CHECK ((reviewed_at IS NULL) = (reviewed_by_id IS NULL))
);
CREATE INDEX openings_category_id_idx ON openings (category_id, id);
CREATE INDEX openings_group_id_idx ON openings (group_id, category_id, id);
CREATE INDEX openings_actor_id_idx ON openings (actor_id);
CREATE INDEX openings_undone_by_id_idx ON openings (undone_by_id) WHERE undone_by_id IS NOT NULL;
CREATE INDEX openings_effective_at_idx ON openings (effective_at) WHERE settled_at IS NULL AND undone_at IS NULL;
CREATE INDEX openings_review_at_idx ON openings (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX openings_reviewed_by_id_idx ON openings (reviewed_by_id) WHERE reviewed_by_id IS NOT NULL;
COMMENT ON TABLE openings IS 'What a group was granted in a category, and when: at a stage (closed, readers, commenters, participants) or with rights of its own.';
COMMENT ON COLUMN openings.replaces_from IS 'valid_from of the grant that ended by it; null where the group had none.';
COMMENT ON COLUMN openings.tells IS 'Whether those who gain the right to read (gained_member_ids) are told by mail once it has taken effect.';
COMMENT ON COLUMN openings.settled_at IS 'When subscriptions and mail of those who lost the right to read were dropped, and the others told.';
COMMENT ON COLUMN openings.review_at IS 'When administrators are to look whether the stage is to stay, and are reminded of it (reminded_at); null when they are not. Another opening of the category to the group ends it.';
COMMENT ON COLUMN openings.reviewed_at IS 'When it was last decided that the stage stays; one that does not is followed by another opening.';


CREATE TABLE grants (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    can_see boolean NOT NULL,
    can_read boolean NOT NULL,
    can_start boolean NOT NULL,
    can_reply boolean NOT NULL,
    can_vote boolean NOT NULL,
    can_attach boolean NOT NULL,
    can_moderate boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    valid_from timestamptz NOT NULL DEFAULT '-infinity',
    valid_until timestamptz NOT NULL DEFAULT 'infinity',
    topics_since timestamptz NOT NULL DEFAULT '-infinity',
    internal_since timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (category_id, group_id, valid_from),
    CONSTRAINT grants_see_check CHECK (can_see),
    CONSTRAINT grants_read_check CHECK (can_read OR NOT (can_start OR can_reply OR can_vote OR can_attach)),
    CONSTRAINT grants_moderate_check CHECK (can_reply OR NOT can_moderate),
    CONSTRAINT grants_valid_check CHECK (valid_from < valid_until),
    CONSTRAINT grants_since_check CHECK (topics_since <= internal_since)
);
CREATE INDEX grants_group_id_idx ON grants (group_id);
COMMENT ON TABLE grants IS 'The rights of a group in a category. They add up over groups and there is no deny; each right implies those it needs.';
COMMENT ON COLUMN grants.valid_from IS 'From this instant on, until valid_until, the group holds the rights; the view compares, no job has to act.';
COMMENT ON COLUMN grants.topics_since IS 'Topics that were started before are not meant: they keep the audience they had.';
COMMENT ON COLUMN grants.internal_since IS 'The same for topics marked internal.';

-- What each member may do in each category.  The single source of rights: for pages, lists, counts, search and
-- single rows, read in both directions.  LATERAL, so that it is never computed for all members first.
CREATE VIEW category_rights
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

-- Versions ----------------------------------------------------------------------------------------
-- By them a process knows in one glance that what it has kept of a page still holds (docs/adr/0023-versions.md).

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

CREATE TABLE foundations (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT foundations_id_check CHECK (id = 1),
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE foundations IS 'The one row whose version grows when anything changes that pages everywhere rest on and that changes seldom: the network''s name, members and their names, second factors, organisations, regions, categories, groups, grants, and topics that leave their category.';
INSERT INTO foundations DEFAULT VALUES;

CREATE FUNCTION touch_foundations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE foundations SET version = foundations.version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER network_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON network
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER regions_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON regions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER organisations_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON organisations
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER members_touch_foundations
AFTER INSERT OR UPDATE OF organisation_id, name, suspended_until, informed_version OR DELETE ON members
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER groups_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON groups
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER group_members_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON group_members
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER categories_touch_foundations
AFTER INSERT OR DELETE
OR UPDATE OF
    slug, position, name_el, name_en, description_el, description_en, kinds, parent_id, inherits_grants, archived_at
ON categories
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER former_category_slugs_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON former_category_slugs
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE TRIGGER grants_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON grants
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();

-- An instant passes and nothing is written: what is kept of pages has to know of it all the same.
CREATE TABLE rights_instants (
    at timestamptz PRIMARY KEY
);
COMMENT ON TABLE rights_instants IS 'When grants begin or end and deadlines pass that had not yet when they were written. How many of them have passed goes into what pages are kept under (docs/adr/0031-grants-in-time.md).';

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

-- Topics and posts --------------------------------------------------------------------------------

CREATE TABLE themes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT themes_slug_key UNIQUE
        CONSTRAINT themes_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
    position integer NOT NULL CONSTRAINT themes_position_key UNIQUE DEFERRABLE INITIALLY DEFERRED,
    name_el text NOT NULL CONSTRAINT themes_name_el_check CHECK (
        name_el = btrim(name_el) AND length(name_el) BETWEEN 1 AND 120
    ),
    name_en text NOT NULL CONSTRAINT themes_name_en_check CHECK (
        name_en = btrim(name_en) AND length(name_en) BETWEEN 1 AND 120
    )
);
CREATE TRIGGER themes_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON themes
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE themes IS 'What topics can be about, as administrators keep the list; a topic names them by slug, which never changes, in fields -> themes. It begins with the priorities of the Urban Agenda for the EU and of cohesion policy.';

INSERT INTO themes (slug, position, name_el, name_en) VALUES
('energy', 1, 'Ενέργεια και κλίμα', 'Energy and climate'),
('water', 2, 'Νερό', 'Water'),
('circular-economy', 3, 'Απόβλητα και κυκλική οικονομία', 'Waste and circular economy'),
('nature', 4, 'Φύση και αστικό πράσινο', 'Nature and urban greenery'),
('civil-protection', 5, 'Κλιματική προσαρμογή και πολιτική προστασία', 'Climate adaptation and civil protection'),
('mobility', 6, 'Βιώσιμη κινητικότητα', 'Sustainable mobility'),
('digital', 7, 'Ψηφιακός μετασχηματισμός', 'Digital transition'),
('public-space', 8, 'Δημόσιος χώρος και αστική αναζωογόνηση', 'Public space and urban regeneration'),
('housing', 9, 'Στέγαση', 'Housing'),
('culture', 10, 'Πολιτισμός και πολιτιστική κληρονομιά', 'Culture and cultural heritage'),
('tourism', 11, 'Βιώσιμος τουρισμός', 'Sustainable tourism'),
('blue-economy', 12, 'Γαλάζια οικονομία και θάλασσα', 'Blue economy and the sea'),
('food', 13, 'Τρόφιμα και αγροτική ανάπτυξη', 'Food and rural development'),
('jobs', 14, 'Απασχόληση και επιχειρηματικότητα', 'Jobs and enterprise'),
('youth', 15, 'Εκπαίδευση, νεολαία και αθλητισμός', 'Education, youth and sport'),
('inclusion', 16, 'Κοινωνική συνοχή και ισότητα', 'Social inclusion and equality'),
('migration', 17, 'Μετανάστευση και ένταξη', 'Migration and integration'),
('health', 18, 'Υγεία και ενεργός γήρανση', 'Health and active ageing'),
('participation', 19, 'Συμμετοχή των πολιτών και διακυβέρνηση', 'Citizen participation and governance'),
('administration', 20, 'Διοικητική ικανότητα και δημόσιες συμβάσεις', 'Administrative capacity and public procurement');

-- What lists are sifted by: each code as name:code, and the words of the programme, so that the planner knows how
-- frequent each is, which it cannot tell of JSON.
CREATE FUNCTION facets_of(jsonb) RETURNS text []
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce(array_agg(facets.facet), '{}')
        FROM (
            SELECT named.name || ':' || said.code AS facet
            FROM
                unnest('{type,themes,countries,roles,state,owner,audience,language}'::text [])
                    AS named (name)
            CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof($1 -> named.name)
                    WHEN 'array' THEN $1 -> named.name
                    WHEN 'string' THEN jsonb_build_array($1 -> named.name)
                    ELSE '[]'
                END
            ) AS said (code)
            UNION
            SELECT 'programme:' || words.word
            FROM regexp_split_to_table(fold($1 ->> 'programme'), '[^[:alnum:]]+') AS words (word)
            WHERE words.word <> ''
        ) AS facets
    );

CREATE TABLE topics (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id bigint NOT NULL REFERENCES categories,
    author_id bigint NOT NULL REFERENCES members,
    kind text NOT NULL DEFAULT 'discussion' CONSTRAINT topics_kind_check CHECK (
        kind IN ('discussion', 'question', 'proposal', 'good_practice', 'guide', 'circular', 'consultation')
    ),
    title text NOT NULL CONSTRAINT topics_title_check CHECK (title = btrim(title) AND length(title) BETWEEN 1 AND 200),
    slug text NOT NULL CONSTRAINT topics_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
    language text CONSTRAINT topics_language_check CHECK (language ~ '^[a-z]{2}$'),
    is_internal boolean NOT NULL DEFAULT false,
    locked_at timestamptz,
    locked_by_id bigint REFERENCES members,
    lock_reason text CONSTRAINT topics_lock_reason_check CHECK (length(btrim(lock_reason)) BETWEEN 1 AND 500),
    pinned_at timestamptz,
    reply_count integer NOT NULL DEFAULT 0 CONSTRAINT topics_reply_count_check CHECK (reply_count >= 0),
    post_count integer NOT NULL DEFAULT 1 CONSTRAINT topics_post_count_check CHECK (post_count >= 1),
    last_post_number integer NOT NULL DEFAULT 1 CONSTRAINT topics_last_post_number_check CHECK (last_post_number >= 1),
    last_post_at timestamptz NOT NULL DEFAULT now(),
    last_author_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    deleted_by_id bigint REFERENCES members,
    version bigint NOT NULL DEFAULT 0,
    organisation_id bigint REFERENCES organisations,
    last_organisation_id bigint REFERENCES organisations,
    fields jsonb NOT NULL DEFAULT '{}' CONSTRAINT topics_fields_check CHECK (jsonb_typeof(fields) = 'object'),
    tags text [] NOT NULL DEFAULT '{}' CONSTRAINT topics_tags_check CHECK (cardinality(tags) <= 10),
    deadline_at timestamptz,
    answer_post_id bigint,
    answered_at timestamptz,
    answered_by_id bigint REFERENCES members,
    CONSTRAINT topics_answer_check CHECK (
        (answer_post_id IS NULL) = (answered_at IS NULL) AND (answer_post_id IS NULL) = (answered_by_id IS NULL)
        AND (answer_post_id IS NULL OR kind = 'question')
    ),
    origin_id bigint REFERENCES topics,
    facets text [] NOT NULL DEFAULT '{}',
    translated_titles jsonb NOT NULL DEFAULT '{}' CONSTRAINT topics_translated_titles_check CHECK (
        jsonb_typeof(translated_titles) = 'object'
    ),
    CONSTRAINT topics_lock_check CHECK (
        (locked_at IS NULL) = (locked_by_id IS NULL) AND (locked_at IS NULL) = (lock_reason IS NULL)
    ),
    CONSTRAINT topics_deletion_check CHECK ((deleted_at IS NULL) = (deleted_by_id IS NULL)),
    CONSTRAINT topics_counts_check CHECK (reply_count < post_count AND last_post_number <= post_count)
);
CREATE INDEX topics_listed_idx ON topics (category_id, (pinned_at IS NOT NULL), last_post_at, id) WHERE deleted_at IS NULL;
CREATE INDEX topics_category_activity_idx ON topics (category_id, last_post_at) WHERE deleted_at IS NULL;
CREATE INDEX topics_category_created_idx ON topics (category_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX topics_category_id_idx ON topics (category_id);
CREATE INDEX topics_last_post_at_idx ON topics (last_post_at, id) WHERE deleted_at IS NULL;
CREATE INDEX topics_author_id_idx ON topics (author_id, id);
CREATE INDEX topics_last_author_id_idx ON topics (last_author_id);
CREATE INDEX topics_locked_by_id_idx ON topics (locked_by_id) WHERE locked_by_id IS NOT NULL;
CREATE INDEX topics_deleted_by_id_idx ON topics (deleted_by_id) WHERE deleted_by_id IS NOT NULL;
CREATE INDEX topics_internal_idx ON topics (category_id, created_at) WHERE is_internal AND deleted_at IS NULL;
CREATE INDEX topics_version_idx ON topics (version);
CREATE INDEX topics_organisation_id_idx ON topics (organisation_id, id) WHERE organisation_id IS NOT NULL;
CREATE INDEX topics_last_organisation_id_idx ON topics (last_organisation_id) WHERE last_organisation_id IS NOT NULL;
CREATE INDEX topics_deadline_idx ON topics (category_id, deadline_at, id)
WHERE deadline_at IS NOT NULL AND deleted_at IS NULL;
-- What closes never stands last, the newest first.
CREATE INDEX topics_closing_idx ON topics (category_id, (coalesce(deadline_at, 'infinity'::timestamptz)), (- id))
WHERE deleted_at IS NULL;
CREATE INDEX topics_fields_idx ON topics USING gin (fields jsonb_path_ops)
WHERE fields <> '{}' AND deleted_at IS NULL;
CREATE INDEX topics_facets_idx ON topics USING gin (facets) WHERE facets <> '{}' AND deleted_at IS NULL;
CREATE INDEX topics_tags_idx ON topics USING gin (tags) WHERE tags <> '{}' AND deleted_at IS NULL;
CREATE INDEX topics_kind_idx ON topics (category_id, kind, created_at, id) WHERE deleted_at IS NULL;
-- Instants are kept as texts that sort as the instants do.
CREATE INDEX topics_interest_deadline_idx ON topics
(category_id, ((fields -> 'interest_deadline' ->> 'at') COLLATE "C"), id)
WHERE fields ? 'interest_deadline' AND deleted_at IS NULL;
CREATE INDEX topics_answer_post_id_idx ON topics (id, answer_post_id) WHERE answer_post_id IS NOT NULL;
CREATE INDEX topics_answered_by_id_idx ON topics (answered_by_id) WHERE answered_by_id IS NOT NULL;
CREATE INDEX topics_unanswered_idx ON topics (category_id, created_at, id)
WHERE kind = 'question' AND answer_post_id IS NULL AND deleted_at IS NULL;
CREATE INDEX topics_origin_id_idx ON topics (origin_id) WHERE origin_id IS NOT NULL;
CREATE TRIGGER topics_stamp_version
BEFORE INSERT OR UPDATE ON topics
FOR EACH ROW EXECUTE FUNCTION stamp_version();
CREATE TRIGGER topics_touch_foundations
AFTER DELETE OR UPDATE OF category_id ON topics
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
CREATE FUNCTION note_facets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.facets := facets_of(NEW.fields);
    -- One that names no country is open to all of them.
    IF NEW.kind = 'proposal' AND NOT NEW.fields ? 'countries' THEN
        NEW.facets := NEW.facets || '{countries:any}';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER topics_note_facets_inserted
BEFORE INSERT ON topics
FOR EACH ROW WHEN (new.fields <> '{}') EXECUTE FUNCTION note_facets();
CREATE TRIGGER topics_note_facets_updated
BEFORE UPDATE OF fields ON topics
FOR EACH ROW EXECUTE FUNCTION note_facets();
-- No instant is deleted here: how many have passed must not become fewer while the foundations stand still.
CREATE FUNCTION note_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_instants (at) VALUES (NEW.deadline_at) ON CONFLICT (at) DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER topics_note_deadline_inserted
AFTER INSERT ON topics
FOR EACH ROW WHEN (new.deadline_at > now()) EXECUTE FUNCTION note_deadline();
CREATE TRIGGER topics_note_deadline_updated
AFTER UPDATE OF deadline_at ON topics
FOR EACH ROW WHEN (new.deadline_at > now()) EXECUTE FUNCTION note_deadline();
CREATE FUNCTION note_interest_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_instants (at)
    SELECT (NEW.fields #>> '{interest_deadline,at}')::timestamptz
    WHERE (NEW.fields #>> '{interest_deadline,at}')::timestamptz > now()
    ON CONFLICT (at) DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER topics_note_interest_deadline
AFTER INSERT OR UPDATE OF fields ON topics
FOR EACH ROW WHEN (new.fields ? 'interest_deadline') EXECUTE FUNCTION note_interest_deadline();
COMMENT ON TABLE topics IS 'A topic of a category. post_count is the highest number ever given, last_post_number and last_post_at speak of the last post that is not deleted, reply_count of replies not deleted.';
COMMENT ON COLUMN topics.fields IS 'What its kind asks for besides title and text, by the names of forum/domain/kinds; each change keeps what stood in post_revisions.';
COMMENT ON COLUMN topics.answer_post_id IS 'The reply that is marked as the answer to a question; the mark goes when the reply is deleted.';
COMMENT ON COLUMN topics.deadline_at IS 'The instant of fields -> deadline, for lists by it.';
COMMENT ON COLUMN topics.facets IS 'What lists are sifted by, as facets_of finds it in fields; countries:any of a proposal that names none.';
COMMENT ON COLUMN topics.origin_id IS 'The proposal that a good practice grew out of.';
COMMENT ON COLUMN topics.translated_titles IS 'The titles of topic_translations by their languages, for lists.';
COMMENT ON COLUMN topics.organisation_id IS 'What its author belonged to when they wrote it; null for what they belong to now (docs/adr/0029-places.md).';
COMMENT ON COLUMN topics.last_organisation_id IS 'The same of whoever wrote the last post that is not deleted.';

CREATE VIEW topic_rights
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

-- What changes in a post changes its topic's pages; a reply's own insert has already changed the topic.
CREATE FUNCTION touch_topic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE topics SET version = 0 WHERE topics.id = NEW.topic_id;
    RETURN NULL;
END
$$;

CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics,
    number integer NOT NULL CONSTRAINT posts_number_check CHECK (number >= 1),
    author_id bigint NOT NULL REFERENCES members,
    reply_to_id bigint,
    body text NOT NULL CONSTRAINT posts_body_check CHECK (
        (number = 1 OR length(btrim(body)) >= 1) AND length(body) <= 50000
    ),
    html text NOT NULL,
    search tsvector NOT NULL,
    revision_count integer NOT NULL DEFAULT 0 CONSTRAINT posts_revision_count_check CHECK (revision_count >= 0),
    is_by_moderator boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    deleted_by_id bigint REFERENCES members,
    organisation_id bigint REFERENCES organisations,
    CONSTRAINT posts_number_key UNIQUE (topic_id, number),
    CONSTRAINT posts_topic_key UNIQUE (topic_id, id),
    CONSTRAINT posts_reply_to_fkey FOREIGN KEY (topic_id, reply_to_id) REFERENCES posts (topic_id, id),
    CONSTRAINT posts_edit_check CHECK ((revision_count = 0) = (edited_at IS NULL)),
    CONSTRAINT posts_deletion_check CHECK ((deleted_at IS NULL) = (deleted_by_id IS NULL)),
    CONSTRAINT posts_first_check CHECK (number > 1 OR deleted_at IS NULL)
);
CREATE INDEX posts_author_id_idx ON posts (author_id, id);
CREATE INDEX posts_reply_to_id_idx ON posts (topic_id, reply_to_id) WHERE reply_to_id IS NOT NULL;
CREATE INDEX posts_topic_author_idx ON posts (topic_id, author_id);
CREATE INDEX posts_deleted_by_id_idx ON posts (deleted_by_id) WHERE deleted_by_id IS NOT NULL;
CREATE INDEX posts_search_idx ON posts USING gin (search);
CREATE INDEX posts_organisation_id_idx ON posts (organisation_id, id) WHERE organisation_id IS NOT NULL;
-- An organisation kept at a post is no change of the post: the foundations, which the move touches, tell of it.
CREATE TRIGGER posts_touch_topic
AFTER UPDATE ON posts
FOR EACH ROW WHEN (new.organisation_id IS NOT DISTINCT FROM old.organisation_id) EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE posts IS 'Numbered without gaps within its topic; number 1 is the topic''s own text and goes with the topic. html is sanitised on write. is_by_moderator marks what a moderator wrote while the topic was locked.';
COMMENT ON COLUMN posts.organisation_id IS 'What its author belonged to when they wrote it; null for what they belong to now (docs/adr/0029-places.md).';
ALTER TABLE topics
ADD CONSTRAINT topics_answer_post_id_fkey FOREIGN KEY (id, answer_post_id) REFERENCES posts (topic_id, id);

CREATE TABLE post_revisions (
    post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT post_revisions_number_check CHECK (number >= 1),
    editor_id bigint NOT NULL REFERENCES members,
    title text,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    fields jsonb,
    PRIMARY KEY (post_id, number)
);
CREATE INDEX post_revisions_editor_id_idx ON post_revisions (editor_id);
COMMENT ON TABLE post_revisions IS 'What a post said before each edit; the title too when it is the first post. editor_id is who wrote this version, created_at since when it stood.';
COMMENT ON COLUMN post_revisions.fields IS 'The fields of the topic when the post is its first; null for every other post.';

CREATE TABLE topic_translations (
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    language text NOT NULL CONSTRAINT topic_translations_language_check CHECK (language ~ '^[a-z]{2}$'),
    author_id bigint NOT NULL REFERENCES members,
    title text NOT NULL CONSTRAINT topic_translations_title_check CHECK (
        title = btrim(title) AND length(title) BETWEEN 1 AND 200
    ),
    body text NOT NULL CONSTRAINT topic_translations_body_check CHECK (length(body) <= 50000),
    html text NOT NULL,
    fields jsonb NOT NULL DEFAULT '{}' CONSTRAINT topic_translations_fields_check CHECK (
        jsonb_typeof(fields) = 'object'
    ),
    words text NOT NULL,
    revision_count integer NOT NULL CONSTRAINT topic_translations_revision_count_check CHECK (revision_count >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, language)
);
CREATE INDEX topic_translations_author_id_idx ON topic_translations (author_id);
CREATE TRIGGER topic_translations_touch_topic
AFTER INSERT OR UPDATE ON topic_translations
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE topic_translations IS 'A topic in another language than its own: title, first post and the texts among its fields (docs/adr/0044-themes-and-translations.md). html is sanitised on write, words is what the search finds it by.';
COMMENT ON COLUMN topic_translations.revision_count IS 'That of the first post when this was written: where the post has more, the original has changed since.';

CREATE TABLE topic_notices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    after_number integer NOT NULL CONSTRAINT topic_notices_after_number_check CHECK (after_number >= 0),
    actor_id bigint NOT NULL REFERENCES members,
    act text NOT NULL CONSTRAINT topic_notices_act_check CHECK (
        act IN (
            'lock', 'unlock', 'pin', 'unpin', 'mark_internal', 'unmark_internal', 'mark_answer', 'unmark_answer', 'add_file',
            'add_version', 'delete_file', 'state', 'validate', 'return', 'submit'
        )
    ),
    reason text CONSTRAINT topic_notices_reason_check CHECK (length(btrim(reason)) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    state text CONSTRAINT topic_notices_state_check CHECK ((act = 'state') = (state IS NOT NULL)),
    version integer CONSTRAINT topic_notices_version_check CHECK (version >= 1)
);
CREATE INDEX topic_notices_topic_id_idx ON topic_notices (topic_id, after_number, id);
CREATE INDEX topic_notices_actor_id_idx ON topic_notices (actor_id);
CREATE TRIGGER topic_notices_touch_topic
AFTER INSERT OR UPDATE ON topic_notices
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE topic_notices IS 'What was done to a topic, shown between the posts where it happened; no post: no number, not counted.';
COMMENT ON COLUMN topic_notices.version IS 'The number of the version that was added, of the file whose title is the reason.';
COMMENT ON COLUMN topic_notices.state IS 'What the state became, of the act state.';

CREATE TABLE interests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    organisation_id bigint NOT NULL REFERENCES organisations,
    member_id bigint NOT NULL REFERENCES members,
    role text NOT NULL CONSTRAINT interests_role_check CHECK (role IN ('lead', 'partner', 'associate', 'observer')),
    note text NOT NULL DEFAULT '' CONSTRAINT interests_note_check CHECK (length(note) <= 1000),
    contact text NOT NULL CONSTRAINT interests_contact_check CHECK (length(btrim(contact)) BETWEEN 1 AND 254),
    decision text NOT NULL DEFAULT 'waiting' CONSTRAINT interests_decision_check CHECK (
        decision IN ('waiting', 'accepted', 'reserved', 'declined', 'withdrawn')
    ),
    answer text NOT NULL DEFAULT '' CONSTRAINT interests_answer_check CHECK (length(answer) <= 500),
    decided_by_id bigint REFERENCES members,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    withdrawal_reason text CONSTRAINT interests_withdrawal_reason_check CHECK (
        length(btrim(withdrawal_reason)) BETWEEN 1 AND 500
    ),
    CONSTRAINT interests_organisation_key UNIQUE (topic_id, organisation_id),
    CONSTRAINT interests_decided_check CHECK (
        (decision = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)
        AND (decided_at IS NULL OR withdrawn_at IS NULL)
    ),
    CONSTRAINT interests_withdrawn_check CHECK ((decision = 'withdrawn') = (withdrawal_reason IS NOT NULL))
);
CREATE INDEX interests_organisation_id_idx ON interests (organisation_id);
CREATE INDEX interests_member_id_idx ON interests (member_id);
CREATE INDEX interests_decided_by_id_idx ON interests (decided_by_id) WHERE decided_by_id IS NOT NULL;
CREATE TRIGGER interests_touch_topic
AFTER INSERT OR UPDATE ON interests
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE interests IS 'That an organisation wants to take part in a proposal, one row each; what the lead decided and answered. Accepted ones are shown to all readers of the topic, the others to the two sides alone.';
COMMENT ON COLUMN interests.member_id IS 'Who said so last for the organisation.';
COMMENT ON COLUMN interests.withdrawn_at IS 'When it was taken back unanswered: nobody sees it any more.';
COMMENT ON COLUMN interests.withdrawal_reason IS 'Why the organisation withdrew after it was answered (decision withdrawn); for the two sides alone.';

CREATE TABLE validator_groups (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (category_id, group_id)
);
CREATE INDEX validator_groups_group_id_idx ON validator_groups (group_id);
CREATE TRIGGER validator_groups_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON validator_groups
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE validator_groups IS 'Whose members validate the good practices of a category that they may read; where there is no group, its moderators do.';

CREATE TABLE validations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    verdict text NOT NULL CONSTRAINT validations_verdict_check CHECK (verdict IN ('validated', 'returned')),
    opinion text NOT NULL CONSTRAINT validations_opinion_check CHECK (
        length(btrim(opinion)) >= 1 AND length(opinion) <= 3000
    ),
    revision integer NOT NULL CONSTRAINT validations_revision_check CHECK (revision >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX validations_topic_id_idx ON validations (topic_id, id);
CREATE INDEX validations_member_id_idx ON validations (member_id);
CREATE TRIGGER validations_touch_topic
AFTER INSERT OR UPDATE ON validations
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE validations IS 'What validators decided on a good practice: validated with an opinion, or returned with reasons. The state of the practice stands in topics.fields.';
COMMENT ON COLUMN validations.revision IS 'posts.revision_count of the first post as it was decided on: a higher one means that the practice was changed since.';

CREATE TABLE adoptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    organisation_id bigint NOT NULL REFERENCES organisations,
    member_id bigint NOT NULL REFERENCES members,
    stage text NOT NULL CONSTRAINT adoptions_stage_check CHECK (
        stage IN ('interested', 'understanding', 'adapting', 'in_use', 'stopped')
    ),
    note text NOT NULL DEFAULT '' CONSTRAINT adoptions_note_check CHECK (length(note) <= 1000),
    outcome text NOT NULL DEFAULT '' CONSTRAINT adoptions_outcome_check CHECK (length(outcome) <= 1000),
    started_on date,
    staged_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ask_at timestamptz,
    asked_at timestamptz,
    CONSTRAINT adoptions_organisation_key UNIQUE (topic_id, organisation_id)
);
CREATE INDEX adoptions_organisation_id_idx ON adoptions (organisation_id, id);
CREATE INDEX adoptions_member_id_idx ON adoptions (member_id);
CREATE INDEX adoptions_ask_at_idx ON adoptions (ask_at) WHERE ask_at IS NOT NULL;
-- That a line was asked for shows on the page, too.
CREATE TRIGGER adoptions_touch_topic
AFTER INSERT OR UPDATE ON adoptions
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE adoptions IS 'A good practice that another municipality takes up: how far it has come, one a practice and municipality.';
COMMENT ON COLUMN adoptions.member_id IS 'Who moved it last.';
COMMENT ON COLUMN adoptions.staged_at IS 'Since when it stands at its stage.';
COMMENT ON COLUMN adoptions.ask_at IS 'When its people are next asked for a line: 6 and 12 months after it began; null where they are not asked any more.';

CREATE TABLE adoption_steps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adoption_id bigint NOT NULL REFERENCES adoptions ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    stage text NOT NULL CONSTRAINT adoption_steps_stage_check CHECK (
        stage IN ('interested', 'understanding', 'adapting', 'in_use', 'stopped')
    ),
    note text NOT NULL DEFAULT '' CONSTRAINT adoption_steps_note_check CHECK (length(note) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX adoption_steps_adoption_id_idx ON adoption_steps (adoption_id, id);
CREATE INDEX adoption_steps_member_id_idx ON adoption_steps (member_id);
COMMENT ON TABLE adoption_steps IS 'What was said of an adoption, and at which stage it stood then; the newest is what adoptions says.';

CREATE TABLE topic_reads (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    last_number integer NOT NULL CONSTRAINT topic_reads_last_number_check CHECK (last_number >= 1),
    read_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, topic_id)
);
CREATE INDEX topic_reads_topic_id_idx ON topic_reads (topic_id);
CREATE INDEX topic_reads_version_idx ON topic_reads (member_id, version);
CREATE TRIGGER topic_reads_stamp_version
BEFORE INSERT OR UPDATE ON topic_reads
FOR EACH ROW EXECUTE FUNCTION stamp_version();
CREATE TRIGGER topic_reads_touch_foundations
AFTER DELETE ON topic_reads
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE topic_reads IS 'How far a member has read a topic: posts up to last_number were shown to them.';

CREATE TABLE category_visits (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    organisation_id bigint NOT NULL REFERENCES organisations,
    week date NOT NULL CONSTRAINT category_visits_week_check CHECK (extract(ISODOW FROM week) = 1),
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    PRIMARY KEY (category_id, week, member_id)
);
CREATE INDEX category_visits_organisation_id_idx ON category_visits (organisation_id);
CREATE INDEX category_visits_member_id_idx ON category_visits (member_id);
CREATE INDEX category_visits_week_idx ON category_visits (week);
COMMENT ON TABLE category_visits IS 'Who was shown something new to them in a category, in the week that begins on Monday, week, by the clocks of Athens and Nicosia; once a week and member. Kept for two years.';
COMMENT ON COLUMN category_visits.organisation_id IS 'What the member belonged to then.';

CREATE TABLE drafts (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    place text NOT NULL CONSTRAINT drafts_place_check CHECK (
        place ~ '^((topic|post):[1-9][0-9]{0,18}|category:[a-z0-9-]{1,80}(:[a-z_]{1,40})?)$'
    ),
    title text NOT NULL DEFAULT '' CONSTRAINT drafts_title_check CHECK (length(title) <= 200),
    body text NOT NULL DEFAULT '' CONSTRAINT drafts_body_check CHECK (length(body) <= 50000),
    reply_to integer CONSTRAINT drafts_reply_to_check CHECK (reply_to >= 1),
    updated_at timestamptz NOT NULL DEFAULT now(),
    fields jsonb NOT NULL DEFAULT '{}' CONSTRAINT drafts_fields_check CHECK (
        jsonb_typeof(fields) = 'object' AND octet_length(fields::text) <= 200000
    ),
    PRIMARY KEY (member_id, place)
);
CREATE INDEX drafts_updated_at_idx ON drafts (updated_at);
COMMENT ON TABLE drafts IS 'What a member is writing and has not published, one a place: a reply (topic:ID), an edit (post:ID), a new topic (category:SLUG, with its kind category:SLUG:KIND). Kept for 90 days.';
COMMENT ON COLUMN drafts.fields IS 'What is typed in the fields of the kind, finished or not: texts by the names of the form.';

-- Attachments -------------------------------------------------------------------------------------

CREATE TABLE attachments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL CONSTRAINT attachments_key_key UNIQUE,
    author_id bigint NOT NULL REFERENCES members,
    post_id bigint REFERENCES posts,
    name text NOT NULL CONSTRAINT attachments_name_check CHECK (name = btrim(name) AND length(name) BETWEEN 1 AND 200),
    content_type text NOT NULL CONSTRAINT attachments_content_type_check CHECK (content_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
    size bigint NOT NULL CONSTRAINT attachments_size_check CHECK (size > 0),
    sha256 bytea NOT NULL CONSTRAINT attachments_digest_check CHECK (length(sha256) = 32),
    preview_size bigint CONSTRAINT attachments_preview_size_check CHECK (preview_size > 0),
    text text,
    is_text_due boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attachments_text_check CHECK (text IS NULL OR NOT is_text_due)
);
CREATE INDEX attachments_author_id_idx ON attachments (author_id, id);
CREATE INDEX attachments_post_id_idx ON attachments (post_id);
CREATE INDEX attachments_loose_idx ON attachments (created_at) WHERE post_id IS NULL;
CREATE INDEX attachments_text_due_idx ON attachments (id) WHERE is_text_due;
COMMENT ON TABLE attachments IS 'A file that a member attached to a post, or has not published yet (post_id null). Its bytes lie in the storage under key, its preview under key.preview.';
COMMENT ON COLUMN attachments.size IS 'Bytes as they are kept, after a picture was written anew; preview_size those of its preview, null when it has none.';
COMMENT ON COLUMN attachments.text IS 'The words of a document, as far as they could be read, kept for the search; is_text_due says that nobody has tried yet.';

CREATE TABLE storage_room (
    is_one boolean PRIMARY KEY DEFAULT true CONSTRAINT storage_room_one_check CHECK (is_one),
    taken bigint NOT NULL DEFAULT 0 CONSTRAINT storage_room_taken_check CHECK (taken >= 0)
);
INSERT INTO storage_room DEFAULT VALUES;
COMMENT ON TABLE storage_room IS 'The one row that says how many bytes all attachments take, previews included; whoever adds one holds its lock.';

CREATE TABLE guide_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    position integer NOT NULL CONSTRAINT guide_files_position_check CHECK (position >= 1),
    title text NOT NULL CONSTRAINT guide_files_title_check CHECK (
        title = btrim(title) AND length(title) BETWEEN 1 AND 160
    ),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT guide_files_position_key UNIQUE (topic_id, position)
);
COMMENT ON TABLE guide_files IS 'A named file of a guide: its address always gives the newest of its versions.';

CREATE TABLE guide_versions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guide_file_id bigint NOT NULL REFERENCES guide_files ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT guide_versions_number_check CHECK (number >= 1),
    attachment_id bigint NOT NULL CONSTRAINT guide_versions_attachment_key UNIQUE REFERENCES attachments,
    author_id bigint NOT NULL REFERENCES members,
    organisation_id bigint NOT NULL REFERENCES organisations,
    note text CONSTRAINT guide_versions_note_check CHECK (length(btrim(note)) BETWEEN 1 AND 500),
    valid_from date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT guide_versions_number_key UNIQUE (guide_file_id, number)
);
CREATE INDEX guide_versions_author_id_idx ON guide_versions (author_id);
CREATE INDEX guide_versions_organisation_id_idx ON guide_versions (organisation_id);
COMMENT ON TABLE guide_versions IS 'A version of a file of a guide, numbered without gaps. Its attachment belongs to the first post of the guide, whose text need not name it.';
COMMENT ON COLUMN guide_versions.organisation_id IS 'What its author belonged to when they brought it.';

-- Sessions, tokens, limits ------------------------------------------------------------------------

CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_hash bytea NOT NULL CONSTRAINT sessions_key_hash_key UNIQUE
        CONSTRAINT sessions_key_hash_check CHECK (length(key_hash) = 32),
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    address inet NOT NULL,
    agent text NOT NULL CONSTRAINT sessions_agent_check CHECK (length(agent) <= 300),
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    authenticated_at timestamptz NOT NULL DEFAULT now(),
    looks_as_group_id bigint REFERENCES groups ON DELETE SET NULL,
    looks_as_member_id bigint REFERENCES members ON DELETE SET NULL,
    CONSTRAINT sessions_looks_check CHECK (looks_as_group_id IS NULL OR looks_as_member_id IS NULL)
);
CREATE INDEX sessions_member_id_idx ON sessions (member_id, seen_at);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE INDEX sessions_looks_as_group_id_idx ON sessions (looks_as_group_id) WHERE looks_as_group_id IS NOT NULL;
CREATE INDEX sessions_looks_as_member_id_idx ON sessions (looks_as_member_id) WHERE looks_as_member_id IS NOT NULL;
CREATE INDEX sessions_looking_idx ON sessions ((- id))
WHERE looks_as_group_id IS NOT NULL OR looks_as_member_id IS NOT NULL;
COMMENT ON TABLE sessions IS 'A browser that is signed in. Only the SHA-256 of the cookie''s key is kept; deleting the row ends the session everywhere at once.';
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
    AND (sessions.looks_as_group_id IS NOT NULL OR sessions.looks_as_member_id IS NOT NULL)
    AND NOT categories.is_private;
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
    AND (sessions.looks_as_group_id IS NOT NULL OR sessions.looks_as_member_id IS NOT NULL)
    AND NOT categories.is_private;
COMMENT ON VIEW looked_topic_rights IS 'As topic_rights, of sessions that look as others.';

CREATE TABLE second_factors (
    member_id bigint PRIMARY KEY REFERENCES members ON DELETE CASCADE,
    secret text NOT NULL CONSTRAINT second_factors_secret_check CHECK (secret ~ '^[A-Z2-7]{32}$'),
    last_step bigint NOT NULL DEFAULT 0 CONSTRAINT second_factors_last_step_check CHECK (last_step >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);
CREATE TRIGGER second_factors_touch_foundations
AFTER INSERT OR DELETE OR UPDATE OF confirmed_at ON second_factors
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE second_factors IS 'The secret that a member''s telephone makes codes of; asked for once confirmed_at is set. Codes up to last_step (of 30 seconds) are spent. Readable as it is: docs/security.md says why.';

CREATE TABLE recovery_codes (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    code_hash bytea NOT NULL CONSTRAINT recovery_codes_code_hash_check CHECK (length(code_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'Codes that stand in for the second factor, each once: using one deletes it. Only the SHA-256 is kept.';

CREATE TABLE sign_in_steps (
    key_hash bytea PRIMARY KEY CONSTRAINT sign_in_steps_key_hash_check CHECK (length(key_hash) = 32),
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_steps_member_id_idx ON sign_in_steps (member_id);
CREATE INDEX sign_in_steps_expires_at_idx ON sign_in_steps (expires_at);
COMMENT ON TABLE sign_in_steps IS 'A browser from which the right password came and the second factor did not yet; it opens nothing. Only the SHA-256 of the cookie''s key is kept. Good for 10 minutes.';

CREATE TABLE api_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT api_tokens_name_check CHECK (name = btrim(name) AND length(name) BETWEEN 1 AND 100),
    token_hash bytea NOT NULL CONSTRAINT api_tokens_token_hash_key UNIQUE
        CONSTRAINT api_tokens_token_hash_check CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX api_tokens_member_id_idx ON api_tokens (member_id);
COMMENT ON TABLE api_tokens IS 'A program that acts for a member; only the SHA-256 of the token is kept.';

CREATE TABLE feed_tokens (
    member_id bigint PRIMARY KEY REFERENCES members ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT feed_tokens_token_hash_key UNIQUE
        CONSTRAINT feed_tokens_token_hash_check CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
COMMENT ON TABLE feed_tokens IS 'The secret address of a member''s feeds and calendar, one each; only the SHA-256 of its token is kept.';

CREATE TABLE setup_links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT setup_links_token_hash_key UNIQUE
        CONSTRAINT setup_links_token_hash_check CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE setup_links IS 'The one-time link that creates the first administrator; void once anybody is a member.';

CREATE TABLE idempotency_keys (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    key text NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (length(key) BETWEEN 1 AND 200),
    act text NOT NULL,
    request_hash bytea NOT NULL CONSTRAINT idempotency_keys_request_hash_check CHECK (length(request_hash) = 32),
    result_id bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'A write that was asked for under a key, and the row it made: the same key makes no second one. Kept for 24 hours.';

CREATE UNLOGGED TABLE attempts (
    subject bytea NOT NULL CONSTRAINT attempts_subject_check CHECK (length(subject) = 32),
    act text NOT NULL CONSTRAINT attempts_act_check CHECK (length(act) BETWEEN 1 AND 40),
    count integer NOT NULL CONSTRAINT attempts_count_check CHECK (count >= 0),
    next_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (subject, act)
);
CREATE INDEX attempts_expires_at_idx ON attempts (expires_at);
COMMENT ON TABLE attempts IS 'How often something was tried lately, by member, address, account or token; subject is a keyed hash, no address or mail is kept. Unlogged: it may be lost in a crash.';

-- Mail --------------------------------------------------------------------------------------------

CREATE TABLE mails (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CONSTRAINT mails_kind_check CHECK (kind ~ '^[a-z_]{1,40}$'),
    member_id bigint REFERENCES members ON DELETE CASCADE,
    address text CONSTRAINT mails_address_check CHECK (address = lower(address) AND length(address) BETWEEN 3 AND 254),
    language text CONSTRAINT mails_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    facts jsonb NOT NULL DEFAULT '{}' CONSTRAINT mails_facts_check CHECK (jsonb_typeof(facts) = 'object'),
    key uuid NOT NULL DEFAULT gen_random_uuid(),
    due_at timestamptz DEFAULT now(),
    attempt_count integer NOT NULL DEFAULT 0 CONSTRAINT mails_attempt_count_check CHECK (attempt_count >= 0),
    problem text CONSTRAINT mails_problem_check CHECK (length(problem) <= 500),
    outcome text CONSTRAINT mails_outcome_check CHECK (outcome IN ('sent', 'dropped', 'failed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CONSTRAINT mails_recipient_check CHECK (member_id IS NOT NULL OR address IS NOT NULL),
    CONSTRAINT mails_settled_check CHECK (
        (due_at IS NULL) = (outcome IS NOT NULL) AND (outcome IS NULL) = (settled_at IS NULL)
    )
);
CREATE INDEX mails_due_at_idx ON mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX mails_settled_at_idx ON mails (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX mails_outcome_idx ON mails (outcome, id);
CREATE INDEX mails_member_id_idx ON mails (member_id) WHERE member_id IS NOT NULL;
CREATE UNIQUE INDEX mails_asked_idx ON mails (kind, address)
WHERE kind IN ('password_reset', 'invitation_asked', 'application_asked') AND due_at IS NOT NULL;
COMMENT ON TABLE mails IS 'A letter to one person: of what kind and about what (facts: ids and codes, no texts); it is written when it is sent. due_at is when it is tried next, and while a process has it, when it is free again; null once it is settled. Kept for 30 days, and for ever no text of it.';

-- One letter of a kind waits for a member: what comes meanwhile goes into the next.
CREATE UNIQUE INDEX mails_gathered_idx ON mails (member_id, kind)
WHERE kind IN ('notifications', 'digest') AND due_at IS NOT NULL;

CREATE TABLE password_resets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    mail_id bigint CONSTRAINT password_resets_mail_id_key UNIQUE REFERENCES mails ON DELETE SET NULL,
    seed bytea NOT NULL CONSTRAINT password_resets_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_member_id_idx ON password_resets (member_id);
CREATE INDEX password_resets_expires_at_idx ON password_resets (expires_at);
COMMENT ON TABLE password_resets IS 'A link by which a member who forgot theirs sets another password, once. Its token is made of the seed with the forum''s secret key and kept nowhere.';

CREATE TABLE address_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    old_email text NOT NULL CONSTRAINT address_changes_old_email_check CHECK (
        old_email = lower(old_email) AND length(old_email) BETWEEN 3 AND 254
    ),
    new_email text NOT NULL CONSTRAINT address_changes_new_email_check CHECK (
        new_email = lower(new_email) AND length(new_email) BETWEEN 3 AND 254
    ),
    seed bytea NOT NULL CONSTRAINT address_changes_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX address_changes_member_id_idx ON address_changes (member_id, id);
CREATE INDEX address_changes_expires_at_idx ON address_changes (expires_at);
COMMENT ON TABLE address_changes IS 'A member''s change of address: asked for until expires_at, and once confirmed, to be undone until then. Tokens are made of the seed with the forum''s secret key and kept nowhere.';

-- Invitations -------------------------------------------------------------------------------------

CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inviter_id bigint NOT NULL REFERENCES members,
    link_id bigint REFERENCES invitations,
    email text CONSTRAINT invitations_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    organisation_id bigint NOT NULL REFERENCES organisations,
    role text NOT NULL CONSTRAINT invitations_role_check CHECK (role IN ('member', 'moderator', 'administrator')),
    language text NOT NULL CONSTRAINT invitations_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    topic_id bigint REFERENCES topics,
    note text NOT NULL DEFAULT '' CONSTRAINT invitations_note_check CHECK (length(note) <= 1000),
    seed bytea NOT NULL CONSTRAINT invitations_seed_check CHECK (length(seed) = 32),
    uses_left integer NOT NULL CONSTRAINT invitations_uses_left_check CHECK (uses_left BETWEEN 0 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT invitations_link_check CHECK (link_id IS NULL OR email IS NOT NULL),
    CONSTRAINT invitations_once_check CHECK (email IS NULL OR uses_left <= 1),
    CONSTRAINT invitations_staff_check CHECK (email IS NOT NULL OR role = 'member')
);
CREATE INDEX invitations_inviter_id_idx ON invitations (inviter_id);
CREATE INDEX invitations_link_id_idx ON invitations (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX invitations_organisation_id_idx ON invitations (organisation_id);
CREATE INDEX invitations_topic_id_idx ON invitations (topic_id) WHERE topic_id IS NOT NULL;
CREATE INDEX invitations_expires_at_idx ON invitations (expires_at);
CREATE UNIQUE INDEX invitations_email_idx ON invitations (email) WHERE uses_left > 0 AND withdrawn_at IS NULL;
COMMENT ON TABLE invitations IS 'A person invited by mail, or a link (without email) that several may follow, each of whom is then invited by mail (link_id). Its token is made of the seed with the forum''s secret key and kept nowhere.';

CREATE TABLE invitation_groups (
    invitation_id bigint NOT NULL REFERENCES invitations ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (invitation_id, group_id)
);
CREATE INDEX invitation_groups_group_id_idx ON invitation_groups (group_id);
COMMENT ON TABLE invitation_groups IS 'The free groups that whoever accepts an invitation is put into.';

ALTER TABLE members ADD CONSTRAINT members_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations;

CREATE TABLE imports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CONSTRAINT imports_kind_check CHECK (
        kind IN ('members', 'municipalities', 'topics')
    ),
    actor_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT imports_name_check CHECK (length(name) BETWEEN 1 AND 200),
    content bytea NOT NULL CONSTRAINT imports_content_check CHECK (octet_length(content) <= 1048576),
    made_count integer NOT NULL DEFAULT 0 CONSTRAINT imports_made_count_check CHECK (made_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    place text NOT NULL DEFAULT '' CONSTRAINT imports_place_check CHECK (
        length(place) <= 130 AND (kind = 'topics') = (place <> '')
    )
);
CREATE INDEX imports_actor_id_idx ON imports (actor_id);
CREATE INDEX imports_created_at_idx ON imports (created_at);
COMMENT ON TABLE imports IS 'A CSV file of people, municipalities or topics as it was sent, how many rows it has made, and who sent it. Kept for 24 hours.';
COMMENT ON COLUMN imports.place IS 'Of topics, the category and the kind they are for, as category:SLUG:KIND.';

CREATE TABLE applications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CONSTRAINT applications_email_check CHECK (
        email = lower(email) AND length(email) BETWEEN 3 AND 254
    ),
    state text NOT NULL DEFAULT 'asked' CONSTRAINT applications_state_check CHECK (
        state IN ('asked', 'waiting', 'approved', 'refused')
    ),
    name text CONSTRAINT applications_name_check CHECK (length(name) BETWEEN 1 AND 100),
    organisation_id bigint REFERENCES organisations,
    language text NOT NULL CONSTRAINT applications_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    message text NOT NULL DEFAULT '' CONSTRAINT applications_message_check CHECK (length(message) <= 1000),
    seed bytea NOT NULL CONSTRAINT applications_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    sent_at timestamptz,
    decided_at timestamptz,
    decided_by_id bigint REFERENCES members,
    reason text NOT NULL DEFAULT '' CONSTRAINT applications_reason_check CHECK (length(reason) <= 500),
    invitation_id bigint REFERENCES invitations ON DELETE SET NULL,
    CONSTRAINT applications_sent_check CHECK (
        (state = 'asked') = (sent_at IS NULL) AND (state = 'asked' OR (name IS NOT NULL AND organisation_id IS NOT NULL))
    ),
    CONSTRAINT applications_decided_check CHECK (
        (state IN ('approved', 'refused')) = (decided_at IS NOT NULL)
        AND (decided_at IS NULL) = (decided_by_id IS NULL)
        AND (state = 'refused' OR reason = '')
    )
);
CREATE UNIQUE INDEX applications_email_idx ON applications (email) WHERE state IN ('asked', 'waiting');
CREATE INDEX applications_listed_idx ON applications (state, id);
CREATE INDEX applications_organisation_id_idx ON applications (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX applications_decided_by_id_idx ON applications (decided_by_id) WHERE decided_by_id IS NOT NULL;
CREATE INDEX applications_invitation_id_idx ON applications (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX applications_created_at_idx ON applications (created_at);
COMMENT ON TABLE applications IS 'Somebody who asks to become a member: asked (a link was sent to the address), waiting (the link was followed and the form sent), approved (an invitation was sent) or refused. The link''s token is made of the seed with the forum''s secret key and kept nowhere.';

CREATE TABLE mail_domains (
    domain text PRIMARY KEY CONSTRAINT mail_domains_domain_check CHECK (
        domain = lower(domain) AND length(domain) BETWEEN 4 AND 253
    ),
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mail_domains_organisation_id_idx ON mail_domains (organisation_id);
COMMENT ON TABLE mail_domains IS 'Addresses under the domain are an organisation''s own: it is proposed to whoever has proved one.';

CREATE TABLE acceptances (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    version smallint NOT NULL CONSTRAINT acceptances_version_check CHECK (version >= 1),
    accepted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, version)
);
COMMENT ON TABLE acceptances IS 'Which version of the terms a member accepted, and when.';
-- Notifications -----------------------------------------------------------------------------------

CREATE TABLE topic_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT topic_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, topic_id)
);
CREATE INDEX topic_subscriptions_topic_id_idx ON topic_subscriptions (topic_id, level);
CREATE INDEX topic_subscriptions_listed_idx ON topic_subscriptions (member_id, updated_at, topic_id);
COMMENT ON TABLE topic_subscriptions IS 'What a member chose for a topic: watch (every post), follow (what is addressed to them), mute (nothing). No row: the category''s, the group''s or the rule (docs/adr/0027-notifications.md).';

CREATE TABLE paused_subscriptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opening_id bigint NOT NULL REFERENCES openings ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    category_id bigint REFERENCES categories ON DELETE CASCADE,
    topic_id bigint REFERENCES topics ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT paused_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    CONSTRAINT paused_subscriptions_place_check CHECK ((category_id IS NULL) <> (topic_id IS NULL)),
    CONSTRAINT paused_subscriptions_key UNIQUE NULLS NOT DISTINCT (opening_id, member_id, category_id, topic_id)
);
CREATE INDEX paused_subscriptions_member_id_idx ON paused_subscriptions (member_id);
CREATE INDEX paused_subscriptions_category_id_idx ON paused_subscriptions (category_id) WHERE category_id IS NOT NULL;
CREATE INDEX paused_subscriptions_topic_id_idx ON paused_subscriptions (topic_id) WHERE topic_id IS NOT NULL;
COMMENT ON TABLE paused_subscriptions IS 'What members had chosen to hear of where a closing took the right to read from them: it returns when that is taken back.';

CREATE TABLE category_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    level text CONSTRAINT category_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, category_id)
);
CREATE INDEX category_subscriptions_category_id_idx ON category_subscriptions (category_id, level);
CREATE TRIGGER category_subscriptions_stamp_version
BEFORE INSERT OR UPDATE ON category_subscriptions
FOR EACH ROW EXECUTE FUNCTION stamp_version();
CREATE TRIGGER category_subscriptions_touch_foundations
AFTER DELETE ON category_subscriptions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE category_subscriptions IS 'What a member chose for all topics of a category; level is null once the choice was taken back, so that the row''s version tells of it.';

CREATE TABLE theme_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    theme_id bigint NOT NULL REFERENCES themes ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, theme_id)
);
CREATE INDEX theme_subscriptions_theme_id_idx ON theme_subscriptions (theme_id);
CREATE TRIGGER theme_subscriptions_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON theme_subscriptions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE theme_subscriptions IS 'Themes that members follow: they are told of every new topic that names one, where they may read it and have not muted its category.';

CREATE TABLE group_levels (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT group_levels_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (category_id, group_id)
);
CREATE INDEX group_levels_group_id_idx ON group_levels (group_id);
CREATE TRIGGER group_levels_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON group_levels
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE group_levels IS 'What members of a group have for a category who chose nothing themselves; of several groups the one that says most counts.';

CREATE TABLE notification_settings (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT notification_settings_kind_check CHECK (kind ~ '^[a-z_]{1,40}$'),
    frequency text NOT NULL CONSTRAINT notification_settings_frequency_check CHECK (
        frequency IN ('immediately', 'daily', 'weekly', 'never')
    ),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, kind)
);
COMMENT ON TABLE notification_settings IS 'When a member gets mail about a kind of notification; no row: as forum/domain/notification_settings.py says.';

-- When the next digest of a member comes after an instant: at their hour, of every day or of their day of the week, by
-- the clocks of their zone. An hour that the clocks leave out comes an hour later, one they show twice comes once.
CREATE FUNCTION digest_due_at(frequency text, zone text, hour smallint, weekday smallint, after timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date;
    step integer := CASE WHEN frequency = 'weekly' THEN 7 ELSE 1 END;
    due timestamptz;
BEGIN
    day := (after AT TIME ZONE zone)::date;
    IF frequency = 'weekly' THEN
        day := day + (weekday - extract(isodow FROM day)::integer + 7) % 7;
    END IF;
    LOOP
        due := (day + make_time(hour, 0, 0)) AT TIME ZONE zone;
        EXIT WHEN due > after;
        day := day + step;
    END LOOP;
    RETURN due;
EXCEPTION WHEN invalid_parameter_value THEN
    -- A zone that this server has never heard of is nobody else's trouble.
    RETURN digest_due_at(frequency, 'Europe/Athens', hour, weekday, after);
END
$$;

CREATE TABLE fanouts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    member_ids bigint[] NOT NULL DEFAULT '{}',
    group_slugs text[] NOT NULL DEFAULT '{}',
    post_numbers integer[] NOT NULL DEFAULT '{}',
    is_edit boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempt_count integer NOT NULL DEFAULT 0 CONSTRAINT fanouts_attempt_count_check CHECK (attempt_count >= 0),
    marked_by_id bigint REFERENCES members,
    version_id bigint REFERENCES guide_versions ON DELETE CASCADE
);
CREATE INDEX fanouts_post_id_idx ON fanouts (post_id);
CREATE INDEX fanouts_due_at_idx ON fanouts (due_at, id);
CREATE INDEX fanouts_marked_by_id_idx ON fanouts (marked_by_id) WHERE marked_by_id IS NOT NULL;
CREATE INDEX fanouts_version_id_idx ON fanouts (version_id) WHERE version_id IS NOT NULL;
COMMENT ON TABLE fanouts IS 'A post that members are still to be told of, entered with it: whom its text mentions and which posts of the topic it quotes. An edit tells only those whom it newly mentions.';
COMMENT ON COLUMN fanouts.marked_by_id IS 'Who marked the post as the answer, where that is what members are told of it; else null.';
COMMENT ON COLUMN fanouts.version_id IS 'The version of a file, where that is what members are told of and the post is its guide''s first; else null.';

CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT notifications_kind_check CHECK (
        kind IN (
            'mention', 'quote', 'reply', 'guide_version', 'answer', 'new_topic', 'twinning', 'interest', 'validation', 'adoption'
        )
    ),
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    post_id bigint REFERENCES posts ON DELETE CASCADE,
    actor_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    mail_kind text CONSTRAINT notifications_mail_kind_check CHECK (mail_kind IN ('notifications', 'digest')),
    mail_due_at timestamptz,
    mail_id bigint REFERENCES mails ON DELETE SET NULL,
    interest_id bigint REFERENCES interests ON DELETE CASCADE,
    decision text CONSTRAINT notifications_decision_check CHECK (
        decision IN ('accepted', 'reserved', 'declined', 'withdrawn')
    ),
    version_id bigint REFERENCES guide_versions ON DELETE CASCADE,
    CONSTRAINT notifications_mail_check CHECK (mail_kind IS NOT NULL OR (mail_due_at IS NULL AND mail_id IS NULL)),
    CONSTRAINT notifications_version_check CHECK ((kind = 'guide_version') = (version_id IS NOT NULL)),
    CONSTRAINT notifications_subject_check CHECK (
        (post_id IS NULL) = (interest_id IS NOT NULL) AND (kind = 'interest') = (interest_id IS NOT NULL)
        AND (decision IS NULL OR interest_id IS NOT NULL)
    )
);
CREATE UNIQUE INDEX notifications_post_idx ON notifications (post_id, member_id, (kind = 'answer'), version_id)
NULLS NOT DISTINCT WHERE post_id IS NOT NULL;
CREATE INDEX notifications_version_id_idx ON notifications (version_id) WHERE version_id IS NOT NULL;
CREATE INDEX notifications_listed_idx ON notifications (member_id, created_at, id);
CREATE INDEX notifications_topic_id_idx ON notifications (topic_id, member_id, created_at, id);
CREATE INDEX notifications_unread_idx ON notifications (member_id, topic_id) WHERE read_at IS NULL;
CREATE INDEX notifications_actor_id_idx ON notifications (actor_id);
CREATE INDEX notifications_mail_id_idx ON notifications (mail_id) WHERE mail_id IS NOT NULL;
CREATE INDEX notifications_mail_due_at_idx ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX notifications_mail_of_member_idx ON notifications (member_id, mail_kind) WHERE mail_due_at IS NOT NULL;
CREATE UNIQUE INDEX notifications_interest_idx ON notifications (interest_id, member_id) WHERE interest_id IS NOT NULL;
CREATE INDEX notifications_created_at_idx ON notifications USING brin (created_at);
COMMENT ON TABLE notifications IS 'What a member was told: one row a member and post, of the strongest kind; besides, one that the post was marked as the answer, and one for each new version of a file (version_id; the post is its guide''s first), and one a member and expression of interest. mail_due_at is when it goes into a letter, mail_id the letter it went into. Kept for 90 days.';
COMMENT ON COLUMN notifications.decision IS 'What was decided on the expression of interest; null where it is told that there is one.';

-- Twinnings ---------------------------------------------------------------------------------------

CREATE TABLE profiles (
    organisation_id bigint PRIMARY KEY REFERENCES organisations ON DELETE CASCADE,
    area numeric(8, 1) CONSTRAINT profiles_area_check CHECK (area > 0),
    settings text [] NOT NULL DEFAULT '{}' CONSTRAINT profiles_settings_check CHECK (
        settings <@ ARRAY['island', 'coast', 'mountain', 'inland'] AND cardinality(settings) <= 4
    ),
    languages text [] NOT NULL DEFAULT '{}' CONSTRAINT profiles_languages_check CHECK (
        cardinality(languages) <= 10 AND array_to_string(languages, '') ~ '^([a-z]{2})*$'
    ),
    themes text [] NOT NULL DEFAULT '{}' CONSTRAINT profiles_themes_check CHECK (cardinality(themes) <= 10),
    website text CONSTRAINT profiles_website_check CHECK (website ~ '^https?://' AND length(website) <= 300),
    contact text CONSTRAINT profiles_contact_check CHECK (length(btrim(contact)) BETWEEN 1 AND 254),
    about text CONSTRAINT profiles_about_check CHECK (length(btrim(about)) BETWEEN 1 AND 2000),
    is_seeking boolean NOT NULL DEFAULT false,
    seeks_countries text [] NOT NULL DEFAULT '{}' CONSTRAINT profiles_seeks_countries_check CHECK (
        cardinality(seeks_countries) <= 27 AND array_to_string(seeks_countries, '') ~ '^([A-Z]{2})*$'
    ),
    seeks_population_from integer CONSTRAINT profiles_seeks_population_from_check CHECK (seeks_population_from > 0),
    seeks_population_to integer CONSTRAINT profiles_seeks_population_to_check CHECK (seeks_population_to > 0),
    seeks_themes text [] NOT NULL DEFAULT '{}' CONSTRAINT profiles_seeks_themes_check CHECK (
        cardinality(seeks_themes) <= 10
    ),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id bigint NOT NULL REFERENCES members,
    CONSTRAINT profiles_seeks_population_check CHECK (seeks_population_from <= seeks_population_to)
);
CREATE INDEX profiles_updated_by_id_idx ON profiles (updated_by_id);
CREATE INDEX profiles_is_seeking_idx ON profiles (organisation_id) WHERE is_seeking;
CREATE TRIGGER profiles_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON profiles
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE profiles IS 'What a municipality says of itself to others, and what it seeks of a twin; its population stands with the organisation, its area is in square kilometres. Themes are named by slug.';

CREATE TABLE twins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    partner_id bigint REFERENCES organisations ON DELETE CASCADE,
    town text CONSTRAINT twins_town_check CHECK (length(btrim(town)) BETWEEN 1 AND 160),
    country text CONSTRAINT twins_country_check CHECK (country ~ '^[A-Z]{2}$'),
    since_year smallint CONSTRAINT twins_since_year_check CHECK (since_year BETWEEN 1900 AND 2200),
    state text NOT NULL CONSTRAINT twins_state_check CHECK (state IN ('signed', 'active', 'dormant', 'ended')),
    note text CONSTRAINT twins_note_check CHECK (length(btrim(note)) BETWEEN 1 AND 300),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT twins_partner_key UNIQUE (organisation_id, partner_id),
    CONSTRAINT twins_who_check CHECK ((partner_id IS NULL) = (town IS NOT NULL) AND (town IS NULL) = (country IS NULL)),
    CONSTRAINT twins_other_check CHECK (partner_id <> organisation_id)
);
CREATE INDEX twins_partner_id_idx ON twins (partner_id) WHERE partner_id IS NOT NULL;
COMMENT ON TABLE twins IS 'A twin that a municipality had before or outside the forum, as it tells itself: an organisation here, or a town by its name and country.';

CREATE TABLE twinnings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_organisation_id bigint NOT NULL REFERENCES organisations,
    to_organisation_id bigint NOT NULL REFERENCES organisations,
    category_id bigint NOT NULL CONSTRAINT twinnings_category_id_key UNIQUE REFERENCES categories,
    topic_id bigint NOT NULL CONSTRAINT twinnings_topic_id_key UNIQUE REFERENCES topics,
    state text NOT NULL DEFAULT 'invited' CONSTRAINT twinnings_state_check CHECK (
        state IN (
            'invited', 'declined', 'withdrawn', 'in_contact', 'letter_of_intent', 'council_decisions', 'signed',
            'active', 'dormant', 'ended'
        )
    ),
    invited_by_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    from_decision_number text CONSTRAINT twinnings_from_decision_number_check CHECK (
        length(btrim(from_decision_number)) BETWEEN 1 AND 100
    ),
    from_decided_on date,
    to_decision_number text CONSTRAINT twinnings_to_decision_number_check CHECK (
        length(btrim(to_decision_number)) BETWEEN 1 AND 100
    ),
    to_decided_on date,
    signed_on date,
    next_event text CONSTRAINT twinnings_next_event_check CHECK (length(btrim(next_event)) BETWEEN 1 AND 200),
    next_event_at timestamptz,
    next_event_zone text CONSTRAINT twinnings_next_event_zone_check CHECK (length(next_event_zone) BETWEEN 1 AND 64),
    updated_at timestamptz NOT NULL DEFAULT now(),
    revision_count integer NOT NULL DEFAULT 0,
    CONSTRAINT twinnings_other_check CHECK (from_organisation_id <> to_organisation_id),
    CONSTRAINT twinnings_answer_check CHECK ((answered_at IS NULL) = (state = 'invited')),
    CONSTRAINT twinnings_event_check CHECK (
        (next_event_at IS NULL) = (next_event IS NULL) AND (next_event_at IS NULL) = (next_event_zone IS NULL)
    ),
    CONSTRAINT twinnings_signed_check CHECK (
        state NOT IN ('signed', 'active', 'dormant')
        OR (
            from_decision_number IS NOT NULL AND from_decided_on IS NOT NULL AND to_decision_number IS NOT NULL
            AND to_decided_on IS NOT NULL AND signed_on IS NOT NULL
        )
    )
);
CREATE UNIQUE INDEX twinnings_pair_idx ON twinnings (
    least(from_organisation_id, to_organisation_id), greatest(from_organisation_id, to_organisation_id)
) WHERE state NOT IN ('declined', 'withdrawn', 'ended');
CREATE INDEX twinnings_from_organisation_id_idx ON twinnings (from_organisation_id);
CREATE INDEX twinnings_to_organisation_id_idx ON twinnings (to_organisation_id);
CREATE INDEX twinnings_invited_by_id_idx ON twinnings (invited_by_id);
COMMENT ON TABLE twinnings IS 'An invitation from one municipality to another and what came of it. The two alone may read it, by the grants of its private category, in whose one topic they talk; once it is signed, everybody sees who the two are, its state and the year.';

CREATE TABLE twinning_steps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    twinning_id bigint NOT NULL REFERENCES twinnings ON DELETE CASCADE,
    actor_id bigint NOT NULL REFERENCES members,
    state text NOT NULL CONSTRAINT twinning_steps_state_check CHECK (state ~ '^[a-z_]{1,40}$'),
    post_id bigint REFERENCES posts,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX twinning_steps_twinning_id_idx ON twinning_steps (twinning_id, id);
CREATE INDEX twinning_steps_actor_id_idx ON twinning_steps (actor_id);
CREATE INDEX twinning_steps_post_id_idx ON twinning_steps (post_id) WHERE post_id IS NOT NULL;
COMMENT ON TABLE twinning_steps IS 'Each stage a twinning came to, who moved it there and when; post_id is the post of the two that tells of it, with the note.';

-- Feedback ----------------------------------------------------------------------------------------

CREATE TABLE feedback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint REFERENCES members,
    contact text CONSTRAINT feedback_contact_check CHECK (length(btrim(contact)) BETWEEN 1 AND 254),
    page text CONSTRAINT feedback_page_check CHECK (length(btrim(page)) BETWEEN 1 AND 500),
    body text NOT NULL CONSTRAINT feedback_body_check CHECK (length(btrim(body)) BETWEEN 1 AND 5000),
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    settled_by_id bigint REFERENCES members,
    CONSTRAINT feedback_settled_check CHECK ((settled_at IS NULL) = (settled_by_id IS NULL))
);
CREATE INDEX feedback_listed_idx ON feedback ((settled_at IS NOT NULL), id);
CREATE INDEX feedback_member_id_idx ON feedback (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX feedback_settled_by_id_idx ON feedback (settled_by_id) WHERE settled_by_id IS NOT NULL;
COMMENT ON TABLE feedback IS 'Messages about what is hard to use, from members and guests, for the moderators to answer and settle.';

-- Jobs --------------------------------------------------------------------------------------------

CREATE TABLE jobs (
    name text PRIMARY KEY CONSTRAINT jobs_name_check CHECK (name ~ '^[a-z_]{1,40}$'),
    done_at timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz
);
COMMENT ON TABLE jobs IS 'What is done by the clock: when it was last done (at first: known), and until when a process has it or, after a failure, leaves it be.';

-- Audit -------------------------------------------------------------------------------------------

CREATE TABLE audit_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id bigint REFERENCES members,
    act text NOT NULL CONSTRAINT audit_entries_act_check CHECK (act ~ '^[a-z_]+\.[a-z_]+$'),
    subject text NOT NULL CONSTRAINT audit_entries_subject_check CHECK (subject ~ '^[a-z_]+$'),
    subject_id bigint,
    before jsonb,
    after jsonb,
    request_id text CONSTRAINT audit_entries_request_id_check CHECK (length(request_id) <= 64),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_entries_created_at_idx ON audit_entries (created_at, id);
CREATE INDEX audit_entries_act_idx ON audit_entries (act, created_at, id);
CREATE INDEX audit_entries_actor_id_idx ON audit_entries (actor_id, created_at, id);
CREATE INDEX audit_entries_subject_idx ON audit_entries (subject, subject_id, created_at, id);
COMMENT ON TABLE audit_entries IS 'Who did what to what, and when; append-only, but for what expire_audit_entries deletes. Holds member ids, never names, bodies, passwords or tokens.';

-- The setting alone opens nothing: anybody may set it, but only within the function below is the application the owner.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
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

CREATE TRIGGER audit_entries_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

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

-- Migrations --------------------------------------------------------------------------------------

CREATE TABLE schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migrations IS 'The migrations this database has had, by file name.';
