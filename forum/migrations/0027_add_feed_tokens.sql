-- Feeds and the calendar: a member's secret address, and indexes by which they are read.

CREATE TABLE feed_tokens (
    member_id bigint PRIMARY KEY REFERENCES members ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT feed_tokens_token_hash_key UNIQUE
    CONSTRAINT feed_tokens_token_hash_check CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
COMMENT ON TABLE feed_tokens IS 'The secret address of a member''s feeds and calendar, one each; only the SHA-256 of its token is kept.';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_kind_idx ON topics (category_id, kind, created_at, id) WHERE deleted_at IS NULL;
-- Instants are kept as texts that sort as the instants do.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_interest_deadline_idx ON topics
(category_id, ((fields -> 'interest_deadline' ->> 'at') COLLATE "C"), id)
WHERE fields ? 'interest_deadline' AND deleted_at IS NULL;
