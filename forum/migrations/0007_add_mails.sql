-- Mail: what is to be sent, one row a letter, written in the transaction that caused it; and links for who forgot
-- their password.

ALTER TABLE members ADD COLUMN mail_refused_at timestamptz;
COMMENT ON COLUMN members.mail_refused_at IS 'When a mail server said that there is no such address; nothing is sent there until the address changes or an administrator says so.';

CREATE TABLE mails (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CONSTRAINT mails_kind_check CHECK (kind ~ '^[a-z_]{1,40}$'),
    member_id bigint REFERENCES members ON DELETE CASCADE,
    address text CONSTRAINT mails_address_check CHECK (address = lower(address) AND length(address) BETWEEN 3 AND 254),
    language text CONSTRAINT mails_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    facts jsonb NOT NULL DEFAULT '{}' CONSTRAINT mails_facts_check CHECK (jsonb_typeof(facts) = 'object'),
    key uuid NOT NULL DEFAULT gen_random_uuid(),
    due_at timestamptz DEFAULT now(),
    attempt_count integer NOT NULL DEFAULT 0 CONSTRAINT mails_attempt_count_check CHECK (attempt_count >= 0),
    problem text CONSTRAINT mails_problem_check CHECK (length(problem) <= 500),
    outcome text CONSTRAINT mails_outcome_check CHECK (outcome IN ('sent', 'dropped', 'failed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CONSTRAINT mails_recipient_check CHECK (member_id IS NOT NULL OR address IS NOT NULL),
    CONSTRAINT mails_settled_check CHECK (
        (due_at IS NULL) = (outcome IS NOT NULL) AND (outcome IS NULL) = (settled_at IS NULL)
    )
);
CREATE INDEX mails_due_at_idx ON mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX mails_settled_at_idx ON mails (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX mails_outcome_idx ON mails (outcome, id);
CREATE INDEX mails_member_id_idx ON mails (member_id) WHERE member_id IS NOT NULL;
CREATE UNIQUE INDEX mails_asked_idx ON mails (kind, address) WHERE kind = 'password_reset' AND due_at IS NOT NULL;
COMMENT ON TABLE mails IS 'A letter to one person: of what kind and about what (facts: ids and codes, no texts); it is written when it is sent. due_at is when it is tried next, and while a process has it, when it is free again; null once it is settled. Kept for 30 days, and for ever no text of it.';

CREATE TABLE password_resets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    mail_id bigint CONSTRAINT password_resets_mail_id_key UNIQUE REFERENCES mails ON DELETE SET NULL,
    seed bytea NOT NULL CONSTRAINT password_resets_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_member_id_idx ON password_resets (member_id);
CREATE INDEX password_resets_expires_at_idx ON password_resets (expires_at);
COMMENT ON TABLE password_resets IS 'A link by which a member who forgot theirs sets another password, once. Its token is made of the seed with the forum''s secret key and kept nowhere.';
