-- A second factor beside the password, with codes for the day the telephone is lost; a sign-in that waits for it; when a
-- session's password was last asked for; and whether moderators and administrators have to have one.

ALTER TABLE network ADD COLUMN requires_second_factor boolean NOT NULL DEFAULT false;

-- A session that was there before was opened with the password, and not asked for it since.
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now();
UPDATE sessions SET authenticated_at = created_at;

CREATE TABLE second_factors (
    member_id bigint PRIMARY KEY REFERENCES members ON DELETE CASCADE,
    secret text NOT NULL CONSTRAINT second_factors_secret_check CHECK (secret ~ '^[A-Z2-7]{32}$'),
    last_step bigint NOT NULL DEFAULT 0 CONSTRAINT second_factors_last_step_check CHECK (last_step >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);
CREATE TRIGGER second_factors_touch_foundations
AFTER INSERT OR DELETE OR UPDATE OF confirmed_at ON second_factors
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE second_factors IS 'The secret that a member''s telephone makes codes of; asked for once confirmed_at is set. Codes up to last_step (of 30 seconds) are spent. Readable as it is: docs/security.md says why.';

CREATE TABLE recovery_codes (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    code_hash bytea NOT NULL CONSTRAINT recovery_codes_code_hash_check CHECK (length(code_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'Codes that stand in for the second factor, each once: using one deletes it. Only the SHA-256 is kept.';

CREATE TABLE sign_in_steps (
    key_hash bytea PRIMARY KEY CONSTRAINT sign_in_steps_key_hash_check CHECK (length(key_hash) = 32),
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_steps_member_id_idx ON sign_in_steps (member_id);
CREATE INDEX sign_in_steps_expires_at_idx ON sign_in_steps (expires_at);
COMMENT ON TABLE sign_in_steps IS 'A browser from which the right password came and the second factor did not yet; it opens nothing. Only the SHA-256 of the cookie''s key is kept. Good for 10 minutes.';

COMMENT ON TABLE foundations IS 'The one row whose version grows when anything changes that pages everywhere rest on and that changes seldom: the network''s name, members and their names, second factors, organisations, regions, categories, groups, grants, and topics that leave their category.';
