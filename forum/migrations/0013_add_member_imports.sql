-- Imports: a file of people who are to become members, kept while an administrator looks at what it would do.

CREATE TABLE member_imports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT member_imports_name_check CHECK (length(name) BETWEEN 1 AND 200),
    content bytea NOT NULL CONSTRAINT member_imports_content_check CHECK (octet_length(content) <= 1048576),
    member_count integer NOT NULL DEFAULT 0 CONSTRAINT member_imports_member_count_check CHECK (member_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX member_imports_actor_id_idx ON member_imports (actor_id);
CREATE INDEX member_imports_created_at_idx ON member_imports (created_at);
COMMENT ON TABLE member_imports IS 'A CSV file of people as it was sent, how many of them it has made members, and who sent it. Kept for 24 hours.';
