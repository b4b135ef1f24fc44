-- Good practices: their validation by groups of validators, and their adoption by other municipalities.

CREATE TABLE validator_groups (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    PRIMARY KEY (category_id, group_id)
);
CREATE INDEX validator_groups_group_id_idx ON validator_groups (group_id);
CREATE TRIGGER validator_groups_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON validator_groups
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE validator_groups IS 'Whose members validate the good practices of a category that they may read; where there is no group, its moderators do.';

CREATE TABLE validations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    verdict text NOT NULL CONSTRAINT validations_verdict_check CHECK (verdict IN ('validated', 'returned')),
    opinion text NOT NULL CONSTRAINT validations_opinion_check CHECK (
        length(btrim(opinion)) >= 1 AND length(opinion) <= 3000
    ),
    revision integer NOT NULL CONSTRAINT validations_revision_check CHECK (revision >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX validations_topic_id_idx ON validations (topic_id, id);
CREATE INDEX validations_member_id_idx ON validations (member_id);
CREATE TRIGGER validations_touch_topic
AFTER INSERT OR UPDATE ON validations
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE validations IS 'What validators decided on a good practice: validated with an opinion, or returned with reasons. The state of the practice stands in topics.fields.';
COMMENT ON COLUMN validations.revision IS 'posts.revision_count of the first post as it was decided on: a higher one means that the practice was changed since.';

CREATE TABLE adoptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    organisation_id bigint NOT NULL REFERENCES organisations,
    member_id bigint NOT NULL REFERENCES members,
    stage text NOT NULL CONSTRAINT adoptions_stage_check CHECK (
        stage IN ('interested', 'understanding', 'adapting', 'in_use', 'stopped')
    ),
    note text NOT NULL DEFAULT '' CONSTRAINT adoptions_note_check CHECK (length(note) <= 1000),
    outcome text NOT NULL DEFAULT '' CONSTRAINT adoptions_outcome_check CHECK (length(outcome) <= 1000),
    started_on date,
    staged_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ask_at timestamptz,
    asked_at timestamptz,
    CONSTRAINT adoptions_organisation_key UNIQUE (topic_id, organisation_id)
);
CREATE INDEX adoptions_organisation_id_idx ON adoptions (organisation_id, id);
CREATE INDEX adoptions_member_id_idx ON adoptions (member_id);
CREATE INDEX adoptions_ask_at_idx ON adoptions (ask_at) WHERE ask_at IS NOT NULL;
-- That a line was asked for shows on the page, too.
CREATE TRIGGER adoptions_touch_topic
AFTER INSERT OR UPDATE ON adoptions
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE adoptions IS 'A good practice that another municipality takes up: how far it has come, one a practice and municipality.';
COMMENT ON COLUMN adoptions.member_id IS 'Who moved it last.';
COMMENT ON COLUMN adoptions.staged_at IS 'Since when it stands at its stage.';
COMMENT ON COLUMN adoptions.ask_at IS 'When its people are next asked for a line: 6 and 12 months after it began; null where they are not asked any more.';

CREATE TABLE adoption_steps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adoption_id bigint NOT NULL REFERENCES adoptions ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    stage text NOT NULL CONSTRAINT adoption_steps_stage_check CHECK (
        stage IN ('interested', 'understanding', 'adapting', 'in_use', 'stopped')
    ),
    note text NOT NULL DEFAULT '' CONSTRAINT adoption_steps_note_check CHECK (length(note) <= 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX adoption_steps_adoption_id_idx ON adoption_steps (adoption_id, id);
CREATE INDEX adoption_steps_member_id_idx ON adoption_steps (member_id);
COMMENT ON TABLE adoption_steps IS 'What was said of an adoption, and at which stage it stood then; the newest is what adoptions says.';
