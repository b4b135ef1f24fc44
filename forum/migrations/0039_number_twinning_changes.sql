-- The next event of a twinning stands in calendars: programs go by when an entry was changed, and how often.

ALTER TABLE twinnings ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE twinnings ADD COLUMN revision_count integer NOT NULL DEFAULT 0;
