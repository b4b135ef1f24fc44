-- Files of guides with their versions, and what members are told of a new one.

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

ALTER TABLE topic_notices
-- squawk-ignore constraint-missing-not-valid
ADD COLUMN version integer CONSTRAINT topic_notices_version_check CHECK (version >= 1);
COMMENT ON COLUMN topic_notices.version IS 'The number of the version that was added, of the file whose title is the reason.';

-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE fanouts ADD COLUMN version_id bigint REFERENCES guide_versions ON DELETE CASCADE;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fanouts_version_id_idx ON fanouts (version_id) WHERE version_id IS NOT NULL;
COMMENT ON COLUMN fanouts.version_id IS 'The version of a file, where that is what members are told of and the post is its guide''s first; else null.';

-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE notifications ADD COLUMN version_id bigint REFERENCES guide_versions ON DELETE CASCADE;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE notifications ADD CONSTRAINT notifications_version_check CHECK (
    (kind = 'guide_version') = (version_id IS NOT NULL)
);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX notifications_version_id_idx ON notifications (version_id) WHERE version_id IS NOT NULL;
