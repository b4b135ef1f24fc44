-- Invitations: how a person becomes a member, and who brought them in; and which version of the terms each accepted.

CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inviter_id bigint NOT NULL REFERENCES members,
    link_id bigint REFERENCES invitations,
    email text CONSTRAINT invitations_email_check CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    organisation_id bigint NOT NULL REFERENCES organisations,
    role text NOT NULL CONSTRAINT invitations_role_check CHECK (role IN ('member', 'moderator', 'administrator')),
    language text NOT NULL CONSTRAINT invitations_language_check CHECK (language ~ '^[a-z]{2,3}$'),
    topic_id bigint REFERENCES topics,
    note text NOT NULL DEFAULT '' CONSTRAINT invitations_note_check CHECK (length(note) <= 1000),
    seed bytea NOT NULL CONSTRAINT invitations_seed_check CHECK (length(seed) = 32),
    uses_left integer NOT NULL CONSTRAINT invitations_uses_left_check CHECK (uses_left BETWEEN 0 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT invitations_link_check CHECK (link_id IS NULL OR email IS NOT NULL),
    CONSTRAINT invitations_once_check CHECK (email IS NULL OR uses_left <= 1),
    CONSTRAINT invitations_staff_check CHECK (email IS NOT NULL OR role = 'member')
);
CREATE INDEX invitations_inviter_id_idx ON invitations (inviter_id);
CREATE INDEX invitations_link_id_idx ON invitations (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX invitations_organisation_id_idx ON invitations (organisation_id);
CREATE INDEX invitations_topic_id_idx ON invitations (topic_id) WHERE topic_id IS NOT NULL;
CREATE INDEX invitations_expires_at_idx ON invitations (expires_at);
CREATE UNIQUE INDEX invitations_email_idx ON invitations (email) WHERE uses_left > 0 AND withdrawn_at IS NULL;
COMMENT ON TABLE invitations IS 'A person invited by mail, or a link (without email) that several may follow, each of whom is then invited by mail (link_id). Its token is made of the seed with the forum''s secret key and kept nowhere.';

CREATE TABLE invitation_groups (
    invitation_id bigint NOT NULL REFERENCES invitations ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (invitation_id, group_id)
);
CREATE INDEX invitation_groups_group_id_idx ON invitation_groups (group_id);
COMMENT ON TABLE invitation_groups IS 'The free groups that whoever accepts an invitation is put into.';

-- The table that is referred to is new and empty, and no row refers to it yet.
ALTER TABLE members
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN invitation_id bigint REFERENCES invitations,
ADD COLUMN informed_version smallint NOT NULL DEFAULT 1
    CONSTRAINT members_informed_version_check CHECK (informed_version >= 0);
-- No row is in it: reading the members is all it costs.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX members_invitation_id_idx ON members (invitation_id) WHERE invitation_id IS NOT NULL;
COMMENT ON COLUMN members.invitation_id IS 'The invitation that was accepted: who invited whom.';
COMMENT ON COLUMN members.informed_version IS 'The version of the terms that the member last accepted, or had before them when somebody else made their account.';

CREATE TABLE acceptances (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    version smallint NOT NULL CONSTRAINT acceptances_version_check CHECK (version >= 1),
    accepted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, version)
);
COMMENT ON TABLE acceptances IS 'Which version of the terms a member accepted, and when.';

DROP TRIGGER members_touch_foundations ON members;
CREATE TRIGGER members_touch_foundations
AFTER INSERT OR UPDATE OF organisation_id, name, suspended_until, informed_version OR DELETE ON members
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();

-- What somebody asks for at a page is sent once while it is on its way.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX mails_asked_idx;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX mails_asked_idx ON mails (kind, address)
WHERE kind IN ('password_reset', 'invitation_asked') AND due_at IS NOT NULL;
