-- Municipalities tell of themselves, of the twins they have and of what they seek of one.

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

-- A private category is for just those groups that its grants name, and stands in nobody's list of categories.
ALTER TABLE categories
ADD COLUMN is_private boolean NOT NULL DEFAULT false,
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT categories_private_check CHECK (NOT is_private OR parent_id IS NULL);
COMMENT ON COLUMN categories.is_private IS 'Whether it belongs to two municipalities alone (twinnings): it stands in no list of categories, and administrators neither see nor change it (docs/adr/0038-twinnings.md).';

-- Nor does anybody look into one as somebody else would.
CREATE OR REPLACE VIEW looked_category_rights
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

CREATE OR REPLACE VIEW looked_topic_rights
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

-- squawk-ignore ban-drop-constraint
ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (
    kind IN ('mention', 'quote', 'reply', 'answer', 'new_topic', 'twinning')
);
