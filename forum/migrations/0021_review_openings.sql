-- Reviews of openings: who came to a category in which week, and when it is looked at whether a stage is to stay.

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

-- Openings are few: as many as administrators have changed rights.
ALTER TABLE openings
ADD COLUMN review_at timestamptz,
ADD COLUMN reminded_at timestamptz,
ADD COLUMN reviewed_at timestamptz,
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN reviewed_by_id bigint REFERENCES members,
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT openings_reminded_check CHECK (reminded_at IS NULL OR review_at IS NOT NULL),
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT openings_reviewed_check CHECK ((reviewed_at IS NULL) = (reviewed_by_id IS NULL));
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX openings_review_at_idx ON openings (review_at) WHERE review_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX openings_reviewed_by_id_idx ON openings (reviewed_by_id) WHERE reviewed_by_id IS NOT NULL;
COMMENT ON COLUMN openings.review_at IS 'When administrators are to look whether the stage is to stay, and are reminded of it (reminded_at); null when they are not. Another opening of the category to the group ends it.';
COMMENT ON COLUMN openings.reviewed_at IS 'When it was last decided that the stage stays; one that does not is followed by another opening.';
