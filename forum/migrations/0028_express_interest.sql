-- Expressions of interest in proposals, what members are told of them, the states of a proposal, and what grew out of it.

CREATE TABLE interests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    organisation_id bigint NOT NULL REFERENCES organisations,
    member_id bigint NOT NULL REFERENCES members,
    role text NOT NULL CONSTRAINT interests_role_check CHECK (role IN ('lead', 'partner', 'associate', 'observer')),
    note text NOT NULL DEFAULT '' CONSTRAINT interests_note_check CHECK (length(note) <= 1000),
    contact text NOT NULL CONSTRAINT interests_contact_check CHECK (length(btrim(contact)) BETWEEN 1 AND 254),
    decision text NOT NULL DEFAULT 'waiting' CONSTRAINT interests_decision_check CHECK (
        decision IN ('waiting', 'accepted', 'reserved', 'declined')
    ),
    answer text NOT NULL DEFAULT '' CONSTRAINT interests_answer_check CHECK (length(answer) <= 500),
    decided_by_id bigint REFERENCES members,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    CONSTRAINT interests_organisation_key UNIQUE (topic_id, organisation_id),
    CONSTRAINT interests_decided_check CHECK (
        (decision = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)
        AND (decided_at IS NULL OR withdrawn_at IS NULL)
    )
);
CREATE INDEX interests_organisation_id_idx ON interests (organisation_id);
CREATE INDEX interests_member_id_idx ON interests (member_id);
CREATE INDEX interests_decided_by_id_idx ON interests (decided_by_id) WHERE decided_by_id IS NOT NULL;
CREATE TRIGGER interests_touch_topic
AFTER INSERT OR UPDATE ON interests
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE interests IS 'That an organisation wants to take part in a proposal, one row each; what the lead decided and answered. Accepted ones are shown to all readers of the topic, the others to the two sides alone.';
COMMENT ON COLUMN interests.member_id IS 'Who said so last for the organisation.';

ALTER TABLE topics
-- All of it is null in every row there is.
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN origin_id bigint REFERENCES topics;
COMMENT ON COLUMN topics.origin_id IS 'The proposal that a good practice grew out of.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_origin_id_idx ON topics (origin_id) WHERE origin_id IS NOT NULL;

-- What is kept of pages has to know when interest can no longer be expressed, too.
CREATE FUNCTION note_interest_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rights_instants (at)
    SELECT (NEW.fields #>> '{interest_deadline,at}')::timestamptz
    WHERE (NEW.fields #>> '{interest_deadline,at}')::timestamptz > now()
    ON CONFLICT (at) DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER topics_note_interest_deadline
AFTER INSERT OR UPDATE OF fields ON topics
FOR EACH ROW WHEN (new.fields ? 'interest_deadline') EXECUTE FUNCTION note_interest_deadline();

ALTER TABLE topic_notices ADD COLUMN state text
CONSTRAINT topic_notices_state_check CHECK ((act = 'state') = (state IS NOT NULL));
COMMENT ON COLUMN topic_notices.state IS 'What the state became, of the act state.';

-- squawk-ignore ban-drop-not-null
ALTER TABLE notifications ALTER COLUMN post_id DROP NOT NULL;
ALTER TABLE notifications
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN interest_id bigint REFERENCES interests ON DELETE CASCADE,
ADD COLUMN decision text CONSTRAINT notifications_decision_check CHECK (decision IN ('accepted', 'reserved', 'declined')),
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT notifications_subject_check CHECK (
    (post_id IS NULL) = (interest_id IS NOT NULL) AND (kind = 'interest') = (interest_id IS NOT NULL)
    AND (decision IS NULL OR interest_id IS NOT NULL)
);
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX notifications_interest_idx ON notifications (interest_id, member_id) WHERE interest_id IS NOT NULL;
COMMENT ON COLUMN notifications.decision IS 'What was decided on the expression of interest; null where it is told that there is one.';
