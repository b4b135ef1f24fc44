-- Kinds of topic with their own fields: what each asks for, its history, its deadline; the themes, and free tags.

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

ALTER TABLE topics
ADD COLUMN fields jsonb NOT NULL DEFAULT '{}' CONSTRAINT topics_fields_check CHECK (jsonb_typeof(fields) = 'object'),
ADD COLUMN tags text [] NOT NULL DEFAULT '{}' CONSTRAINT topics_tags_check CHECK (cardinality(tags) <= 10),
ADD COLUMN deadline_at timestamptz;
COMMENT ON COLUMN topics.fields IS 'What its kind asks for besides title and text, by the names of forum/domain/kinds; each change keeps what stood in post_revisions.';
COMMENT ON COLUMN topics.deadline_at IS 'The instant of fields -> deadline, for lists by it.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_deadline_idx ON topics (category_id, deadline_at, id)
WHERE deadline_at IS NOT NULL AND deleted_at IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_fields_idx ON topics USING gin (fields jsonb_path_ops)
WHERE fields <> '{}' AND deleted_at IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_tags_idx ON topics USING gin (tags) WHERE tags <> '{}' AND deleted_at IS NULL;

ALTER TABLE post_revisions ADD COLUMN fields jsonb;
COMMENT ON COLUMN post_revisions.fields IS 'The fields of the topic when the post is its first; null for every other post.';
-- What held before holds under the wider rule too.
-- squawk-ignore ban-drop-constraint
ALTER TABLE posts DROP CONSTRAINT posts_body_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE posts ADD CONSTRAINT posts_body_check CHECK (
    (number = 1 OR length(btrim(body)) >= 1) AND length(body) <= 50000
);

ALTER TABLE drafts ADD COLUMN fields jsonb NOT NULL DEFAULT '{}'
CONSTRAINT drafts_fields_check CHECK (jsonb_typeof(fields) = 'object' AND octet_length(fields::text) <= 200000);
-- squawk-ignore ban-drop-constraint
ALTER TABLE drafts DROP CONSTRAINT drafts_place_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE drafts ADD CONSTRAINT drafts_place_check CHECK (
    place ~ '^((topic|post):[1-9][0-9]{0,18}|category:[a-z0-9-]{1,80}(:[a-z_]{1,40})?)$'
);
COMMENT ON TABLE drafts IS 'What a member is writing and has not published, one a place: a reply (topic:ID), an edit (post:ID), a new topic (category:SLUG, with its kind category:SLUG:KIND). Kept for 90 days.';
COMMENT ON COLUMN drafts.fields IS 'What is typed in the fields of the kind, finished or not: texts by the names of the form.';

-- What is kept of pages has to know when a deadline passes, as when grants begin and end.
COMMENT ON TABLE rights_instants IS 'When grants begin or end and deadlines pass that had not yet when they were written. How many of them have passed goes into what pages are kept under (docs/adr/0031-grants-in-time.md).';

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
