-- Changes of address: confirmed at the new one, told to the old one, and undone from there.

CREATE TABLE address_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    old_email text NOT NULL CONSTRAINT address_changes_old_email_check CHECK (
        old_email = lower(old_email) AND length(old_email) BETWEEN 3 AND 254
    ),
    new_email text NOT NULL CONSTRAINT address_changes_new_email_check CHECK (
        new_email = lower(new_email) AND length(new_email) BETWEEN 3 AND 254
    ),
    seed bytea NOT NULL CONSTRAINT address_changes_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX address_changes_member_id_idx ON address_changes (member_id, id);
CREATE INDEX address_changes_expires_at_idx ON address_changes (expires_at);
COMMENT ON TABLE address_changes IS 'A member''s change of address: asked for until expires_at, and once confirmed, to be undone until then. Tokens are made of the seed with the forum''s secret key and kept nowhere.';
