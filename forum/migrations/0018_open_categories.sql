-- Openings: categories that are opened to a group, or closed to it, with what is needed to take that back.

CREATE TABLE openings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    rights text[] NOT NULL CONSTRAINT openings_rights_check CHECK (
        rights <@ ARRAY['see', 'read', 'start', 'reply', 'vote', 'attach', 'moderate']
    ),
    effective_at timestamptz NOT NULL,
    replaces_from timestamptz,
    tells boolean NOT NULL DEFAULT false,
    gained_member_ids bigint[] NOT NULL DEFAULT '{}',
    actor_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    undone_at timestamptz,
    undone_by_id bigint REFERENCES members,
    CONSTRAINT openings_undone_check CHECK ((undone_at IS NULL) = (undone_by_id IS NULL))
);
CREATE INDEX openings_category_id_idx ON openings (category_id, id);
CREATE INDEX openings_group_id_idx ON openings (group_id, category_id, id);
CREATE INDEX openings_actor_id_idx ON openings (actor_id);
CREATE INDEX openings_undone_by_id_idx ON openings (undone_by_id) WHERE undone_by_id IS NOT NULL;
CREATE INDEX openings_effective_at_idx ON openings (effective_at) WHERE settled_at IS NULL AND undone_at IS NULL;
COMMENT ON TABLE openings IS 'What a group was granted in a category, and when: at a stage (closed, readers, commenters, participants) or with rights of its own.';
COMMENT ON COLUMN openings.replaces_from IS 'valid_from of the grant that ended by it; null where the group had none.';
COMMENT ON COLUMN openings.tells IS 'Whether those who gain the right to read (gained_member_ids) are told by mail once it has taken effect.';
COMMENT ON COLUMN openings.settled_at IS 'When subscriptions and mail of those who lost the right to read were dropped, and the others told.';

CREATE TABLE paused_subscriptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opening_id bigint NOT NULL REFERENCES openings ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    category_id bigint REFERENCES categories ON DELETE CASCADE,
    topic_id bigint REFERENCES topics ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT paused_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    CONSTRAINT paused_subscriptions_place_check CHECK ((category_id IS NULL) <> (topic_id IS NULL)),
    CONSTRAINT paused_subscriptions_key UNIQUE NULLS NOT DISTINCT (opening_id, member_id, category_id, topic_id)
);
CREATE INDEX paused_subscriptions_member_id_idx ON paused_subscriptions (member_id);
CREATE INDEX paused_subscriptions_category_id_idx ON paused_subscriptions (category_id) WHERE category_id IS NOT NULL;
CREATE INDEX paused_subscriptions_topic_id_idx ON paused_subscriptions (topic_id) WHERE topic_id IS NOT NULL;
COMMENT ON TABLE paused_subscriptions IS 'What members had chosen to hear of where a closing took the right to read from them: it returns when that is taken back.';
