-- Files of which topics are made: into which category, and of which kind.

-- squawk-ignore ban-drop-constraint
ALTER TABLE imports DROP CONSTRAINT imports_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE imports ADD CONSTRAINT imports_kind_check CHECK (kind IN ('members', 'municipalities', 'topics'));
ALTER TABLE imports ADD COLUMN place text NOT NULL DEFAULT ''
CONSTRAINT imports_place_check CHECK (length(place) <= 130 AND (kind = 'topics') = (place <> ''));
COMMENT ON TABLE imports IS 'A CSV file of people, municipalities or topics as it was sent, how many rows it has made, and who sent it. Kept for 24 hours.';
COMMENT ON COLUMN imports.place IS 'Of topics, the category and the kind they are for, as category:SLUG:KIND.';
