-- What members are told and what is shown between posts, with all that guides, answers, twinnings and good practices have added.

-- What held before holds under the wider rules too.
-- squawk-ignore ban-drop-constraint
ALTER TABLE topic_notices DROP CONSTRAINT topic_notices_act_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE topic_notices ADD CONSTRAINT topic_notices_act_check CHECK (
    act IN (
        'lock', 'unlock', 'pin', 'unpin', 'mark_internal', 'unmark_internal', 'mark_answer', 'unmark_answer', 'add_file',
        'add_version', 'delete_file', 'state', 'validate', 'return', 'submit'
    )
);

-- squawk-ignore ban-drop-constraint
ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (
    kind IN (
        'mention', 'quote', 'reply', 'guide_version', 'answer', 'new_topic', 'twinning', 'interest', 'validation', 'adoption'
    )
);

-- That a post was written, that it was marked as the answer and each version of a file are things to be told apart.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX notifications_post_idx;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX notifications_post_idx ON notifications (post_id, member_id, (kind = 'answer'), version_id)
NULLS NOT DISTINCT WHERE post_id IS NOT NULL;
COMMENT ON TABLE notifications IS 'What a member was told: one row a member and post, of the strongest kind; besides, one that the post was marked as the answer, and one for each new version of a file (version_id; the post is its guide''s first), and one a member and expression of interest. mail_due_at is when it goes into a letter, mail_id the letter it went into. Kept for 90 days.';
