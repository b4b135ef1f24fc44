-- A reply marked as the answer to a question, what members are told of it, and the questions that wait for one.

ALTER TABLE topics
ADD COLUMN answer_post_id bigint,
ADD COLUMN answered_at timestamptz,
-- All of it is null in every row there is.
-- squawk-ignore adding-foreign-key-constraint
ADD COLUMN answered_by_id bigint REFERENCES members,
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ADD CONSTRAINT topics_answer_post_id_fkey FOREIGN KEY (id, answer_post_id) REFERENCES posts (topic_id, id),
-- squawk-ignore constraint-missing-not-valid
ADD CONSTRAINT topics_answer_check CHECK (
    (answer_post_id IS NULL) = (answered_at IS NULL) AND (answer_post_id IS NULL) = (answered_by_id IS NULL)
    AND (answer_post_id IS NULL OR kind = 'question')
);
COMMENT ON COLUMN topics.answer_post_id IS 'The reply that is marked as the answer to a question; the mark goes when the reply is deleted.';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_answer_post_id_idx ON topics (id, answer_post_id) WHERE answer_post_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_answered_by_id_idx ON topics (answered_by_id) WHERE answered_by_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_unanswered_idx ON topics (category_id, created_at, id)
WHERE kind = 'question' AND answer_post_id IS NULL AND deleted_at IS NULL;

-- What held before holds under the wider rules too.
-- squawk-ignore ban-drop-constraint
ALTER TABLE topic_notices DROP CONSTRAINT topic_notices_act_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE topic_notices ADD CONSTRAINT topic_notices_act_check CHECK (
    act IN ('lock', 'unlock', 'pin', 'unpin', 'mark_internal', 'unmark_internal', 'mark_answer', 'unmark_answer')
);
COMMENT ON TABLE topic_notices IS 'What was done to a topic, shown between the posts where it happened; no post: no number, not counted.';

-- squawk-ignore adding-foreign-key-constraint
ALTER TABLE fanouts ADD COLUMN marked_by_id bigint REFERENCES members;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fanouts_marked_by_id_idx ON fanouts (marked_by_id) WHERE marked_by_id IS NOT NULL;
COMMENT ON COLUMN fanouts.marked_by_id IS 'Who marked the post as the answer, where that is what members are told of it; else null.';

-- squawk-ignore ban-drop-constraint
ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (
    kind IN ('mention', 'quote', 'reply', 'answer', 'new_topic')
);
-- That a post was written and that it was marked as the answer are two things to be told.
-- squawk-ignore ban-drop-constraint
ALTER TABLE notifications DROP CONSTRAINT notifications_post_key;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX notifications_post_idx ON notifications (post_id, member_id, (kind = 'answer'));
COMMENT ON TABLE notifications IS 'What a member was told: one row a member and post, of the strongest kind, and one that the post was marked as the answer. mail_due_at is when it goes into a letter, mail_id the letter it went into. Kept for 90 days.';
