-- Imports: a file of people or municipalities to add, kept while an administrator looks at what it would do.

CREATE TABLE imports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CONSTRAINT imports_kind_check CHECK (kind IN ('members', 'municipalities')),
    actor_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT imports_name_check CHECK (length(name) BETWEEN 1 AND 200),
    content bytea NOT NULL CONSTRAINT imports_content_check CHECK (octet_length(content) <= 1048576),
    made_count integer NOT NULL DEFAULT 0 CONSTRAINT imports_made_count_check CHECK (made_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX imports_actor_id_idx ON imports (actor_id);
CREATE INDEX imports_created_at_idx ON imports (created_at);
COMMENT ON TABLE imports IS 'A CSV file of people or municipalities as it was sent, how many rows it has made, and who sent it. Kept for 24 hours.';
