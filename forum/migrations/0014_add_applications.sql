-- Applications: people who ask to become members; and the mail domains by which their organisation is proposed.

CREATE TABLE applications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CONSTRAINT applications_email_check CHECK (
        email = lower(email) AND length(email) BETWEEN 3 AND 254
    ),
    state text NOT NULL DEFAULT 'asked' CONSTRAINT applications_state_check CHECK (
        state IN ('asked', 'waiting', 'approved', 'refused')
    ),
    name text CONSTRAINT applications_name_check CHECK (length(name) BETWEEN 1 AND 100),
    organisation_id bigint REFERENCES organisations,
    language text NOT NULL CONSTRAINT applications_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    message text NOT NULL DEFAULT '' CONSTRAINT applications_message_check CHECK (length(message) <= 1000),
    seed bytea NOT NULL CONSTRAINT applications_seed_check CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    sent_at timestamptz,
    decided_at timestamptz,
    decided_by_id bigint REFERENCES members,
    reason text NOT NULL DEFAULT '' CONSTRAINT applications_reason_check CHECK (length(reason) <= 500),
    invitation_id bigint REFERENCES invitations ON DELETE SET NULL,
    CONSTRAINT applications_sent_check CHECK (
        (state = 'asked') = (sent_at IS NULL) AND (state = 'asked' OR (name IS NOT NULL AND organisation_id IS NOT NULL))
    ),
    CONSTRAINT applications_decided_check CHECK (
        (state IN ('approved', 'refused')) = (decided_at IS NOT NULL)
        AND (decided_at IS NULL) = (decided_by_id IS NULL)
        AND (state = 'refused' OR reason = '')
    )
);
CREATE UNIQUE INDEX applications_email_idx ON applications (email) WHERE state IN ('asked', 'waiting');
CREATE INDEX applications_listed_idx ON applications (state, id);
CREATE INDEX applications_organisation_id_idx ON applications (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX applications_decided_by_id_idx ON applications (decided_by_id) WHERE decided_by_id IS NOT NULL;
CREATE INDEX applications_invitation_id_idx ON applications (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX applications_created_at_idx ON applications (created_at);
COMMENT ON TABLE applications IS 'Somebody who asks to become a member: asked (a link was sent to the address), waiting (the link was followed and the form sent), approved (an invitation was sent) or refused. The link''s token is made of the seed with the forum''s secret key and kept nowhere.';

CREATE TABLE mail_domains (
    domain text PRIMARY KEY CONSTRAINT mail_domains_domain_check CHECK (
        domain = lower(domain) AND length(domain) BETWEEN 4 AND 253
    ),
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mail_domains_organisation_id_idx ON mail_domains (organisation_id);
COMMENT ON TABLE mail_domains IS 'Addresses under the domain are an organisation''s own: it is proposed to whoever has proved one.';

-- What somebody asks for at a page is sent once while it is on its way.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX mails_asked_idx;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX mails_asked_idx ON mails (kind, address)
WHERE kind IN ('password_reset', 'invitation_asked', 'application_asked') AND due_at IS NOT NULL;
