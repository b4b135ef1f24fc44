-- Attachments: files that belong to posts, and how much room all of them take.

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
