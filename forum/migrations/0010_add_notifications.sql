-- Notifications: who wants to hear of what, what they were told, and by which letter; and what is still to be told.

ALTER TABLE members
ADD COLUMN digest_hour smallint NOT NULL DEFAULT 8 CONSTRAINT members_digest_hour_check CHECK (digest_hour BETWEEN 0 AND 23),
ADD COLUMN digest_weekday smallint NOT NULL DEFAULT 1
    CONSTRAINT members_digest_weekday_check CHECK (digest_weekday BETWEEN 1 AND 7);
COMMENT ON COLUMN members.digest_weekday IS 'On which day the weekly digest comes, 1 for Monday to 7 for Sunday; by the clocks of their zone, as digest_hour.';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX posts_topic_author_idx ON posts (topic_id, author_id);

CREATE TABLE topic_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT topic_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, topic_id)
);
CREATE INDEX topic_subscriptions_topic_id_idx ON topic_subscriptions (topic_id, level);
CREATE INDEX topic_subscriptions_listed_idx ON topic_subscriptions (member_id, updated_at, topic_id);
COMMENT ON TABLE topic_subscriptions IS 'What a member chose for a topic: watch (every post), follow (what is addressed to them), mute (nothing). No row: the category''s, the group''s or the rule (docs/adr/0027-notifications.md).';

CREATE TABLE category_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    level text CONSTRAINT category_subscriptions_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, category_id)
);
CREATE INDEX category_subscriptions_category_id_idx ON category_subscriptions (category_id, level);
CREATE TRIGGER category_subscriptions_stamp_version
BEFORE INSERT OR UPDATE ON category_subscriptions
FOR EACH ROW EXECUTE FUNCTION stamp_version();
CREATE TRIGGER category_subscriptions_touch_foundations
AFTER DELETE ON category_subscriptions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE category_subscriptions IS 'What a member chose for all topics of a category; level is null once the choice was taken back, so that the row''s version tells of it.';

CREATE TABLE group_levels (
    category_id bigint NOT NULL REFERENCES categories ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    level text NOT NULL CONSTRAINT group_levels_level_check CHECK (level IN ('watch', 'follow', 'mute')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (category_id, group_id)
);
CREATE INDEX group_levels_group_id_idx ON group_levels (group_id);
CREATE TRIGGER group_levels_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON group_levels
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE group_levels IS 'What members of a group have for a category who chose nothing themselves; of several groups the one that says most counts.';

CREATE TABLE notification_settings (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT notification_settings_kind_check CHECK (kind ~ '^[a-z_]{1,40}$'),
    frequency text NOT NULL CONSTRAINT notification_settings_frequency_check CHECK (
        frequency IN ('immediately', 'daily', 'weekly', 'never')
    ),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, kind)
);
COMMENT ON TABLE notification_settings IS 'When a member gets mail about a kind of notification; no row: as forum/domain/notification_settings.py says.';

-- When the next digest of a member comes after an instant: at their hour, of every day or of their day of the week, by
-- the clocks of their zone. An hour that the clocks leave out comes an hour later, one they show twice comes once.
CREATE FUNCTION digest_due_at(frequency text, zone text, hour smallint, weekday smallint, after timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date;
    step integer := CASE WHEN frequency = 'weekly' THEN 7 ELSE 1 END;
    due timestamptz;
BEGIN
    day := (after AT TIME ZONE zone)::date;
    IF frequency = 'weekly' THEN
        day := day + (weekday - extract(isodow FROM day)::integer + 7) % 7;
    END IF;
    LOOP
        due := (day + make_time(hour, 0, 0)) AT TIME ZONE zone;
        EXIT WHEN due > after;
        day := day + step;
    END LOOP;
    RETURN due;
EXCEPTION WHEN invalid_parameter_value THEN
    -- A zone that this server has never heard of is nobody else's trouble.
    RETURN digest_due_at(frequency, 'Europe/Athens', hour, weekday, after);
END
$$;

CREATE TABLE fanouts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    member_ids bigint[] NOT NULL DEFAULT '{}',
    group_slugs text[] NOT NULL DEFAULT '{}',
    post_numbers integer[] NOT NULL DEFAULT '{}',
    is_edit boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempt_count integer NOT NULL DEFAULT 0 CONSTRAINT fanouts_attempt_count_check CHECK (attempt_count >= 0)
);
CREATE INDEX fanouts_post_id_idx ON fanouts (post_id);
CREATE INDEX fanouts_due_at_idx ON fanouts (due_at, id);
COMMENT ON TABLE fanouts IS 'A post that members are still to be told of, entered with it: whom its text mentions and which posts of the topic it quotes. An edit tells only those whom it newly mentions.';

CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT notifications_kind_check CHECK (kind IN ('mention', 'quote', 'reply', 'new_topic')),
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    actor_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    mail_kind text CONSTRAINT notifications_mail_kind_check CHECK (mail_kind IN ('notifications', 'digest')),
    mail_due_at timestamptz,
    mail_id bigint REFERENCES mails ON DELETE SET NULL,
    CONSTRAINT notifications_post_key UNIQUE (post_id, member_id),
    CONSTRAINT notifications_mail_check CHECK (mail_kind IS NOT NULL OR (mail_due_at IS NULL AND mail_id IS NULL))
);
CREATE INDEX notifications_listed_idx ON notifications (member_id, created_at, id);
CREATE INDEX notifications_topic_id_idx ON notifications (topic_id, member_id, created_at, id);
CREATE INDEX notifications_unread_idx ON notifications (member_id, topic_id) WHERE read_at IS NULL;
CREATE INDEX notifications_actor_id_idx ON notifications (actor_id);
CREATE INDEX notifications_mail_id_idx ON notifications (mail_id) WHERE mail_id IS NOT NULL;
CREATE INDEX notifications_mail_due_at_idx ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX notifications_mail_of_member_idx ON notifications (member_id, mail_kind) WHERE mail_due_at IS NOT NULL;
CREATE INDEX notifications_created_at_idx ON notifications USING brin (created_at);
COMMENT ON TABLE notifications IS 'What a member was told: one row a member and post, of the strongest kind. mail_due_at is when it goes into a letter, mail_id the letter it went into. Kept for 90 days.';

-- One letter of a kind waits for a member: what comes meanwhile goes into the next.
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX mails_gathered_idx ON mails (member_id, kind)
WHERE kind IN ('notifications', 'digest') AND due_at IS NOT NULL;
