-- The look and comfort of writing: the network's own name and colour, drafts, the reader's scheme, messages to the
-- moderators, third languages, and finding a member by a mention. People are few: what scans members takes no time.

ALTER TABLE members ADD COLUMN scheme text NOT NULL DEFAULT 'auto';
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE members ADD CONSTRAINT members_scheme_check CHECK (scheme IN ('auto', 'light', 'dark'));
-- squawk-ignore ban-drop-constraint
ALTER TABLE members DROP CONSTRAINT members_language_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE members ADD CONSTRAINT members_language_check CHECK (language ~ '^[a-z]{2,3}$');

CREATE FUNCTION mention_key(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(fold($1), '[\s.]+', '.', 'g');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX members_mention_idx ON members (mention_key(name) COLLATE "C", id);

CREATE TABLE network (
    id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT network_id_check CHECK (id = 1),
    name_el text NOT NULL CONSTRAINT network_name_el_check CHECK (length(btrim(name_el)) BETWEEN 1 AND 40),
    name_en text NOT NULL CONSTRAINT network_name_en_check CHECK (length(btrim(name_en)) BETWEEN 1 AND 40),
    tagline_el text NOT NULL CONSTRAINT network_tagline_el_check CHECK (length(tagline_el) <= 80),
    tagline_en text NOT NULL CONSTRAINT network_tagline_en_check CHECK (length(tagline_en) <= 80),
    accent text CONSTRAINT network_accent_check CHECK (accent ~ '^#[0-9a-f]{6}$'),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE network IS 'The one row that says what the network calls itself, and the accent colour its administrators chose; accent is null for the colour of the house.';
INSERT INTO network (name_el, name_en, tagline_el, tagline_en)
VALUES ('Κοινόν', 'Koinon', 'Δήμοι Κύπρου και Βορείου Αιγαίου', 'Municipalities of Cyprus and the North Aegean');

CREATE TABLE drafts (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    place text NOT NULL CONSTRAINT drafts_place_check CHECK (
        place ~ '^((topic|post):[1-9][0-9]{0,18}|category:[a-z0-9-]{1,80})$'
    ),
    title text NOT NULL DEFAULT '' CONSTRAINT drafts_title_check CHECK (length(title) <= 200),
    body text NOT NULL DEFAULT '' CONSTRAINT drafts_body_check CHECK (length(body) <= 50000),
    reply_to integer CONSTRAINT drafts_reply_to_check CHECK (reply_to >= 1),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, place)
);
CREATE INDEX drafts_updated_at_idx ON drafts (updated_at);
COMMENT ON TABLE drafts IS 'What a member is writing and has not published, one a place: a reply (topic:ID), an edit (post:ID), a new topic (category:SLUG). Kept for 90 days.';

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
