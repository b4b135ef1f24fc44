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
