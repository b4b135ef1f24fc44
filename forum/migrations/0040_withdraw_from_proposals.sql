-- Organisations that take part in a proposal or are in reserve can withdraw, with a reason that its lead keeps.

ALTER TABLE interests ADD COLUMN withdrawal_reason text
CONSTRAINT interests_withdrawal_reason_check CHECK (length(btrim(withdrawal_reason)) BETWEEN 1 AND 500);

-- What held before holds under the wider rules too.
-- squawk-ignore ban-drop-constraint
ALTER TABLE interests DROP CONSTRAINT interests_decision_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE interests ADD CONSTRAINT interests_decision_check CHECK (
    decision IN ('waiting', 'accepted', 'reserved', 'declined', 'withdrawn')
);
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE interests ADD CONSTRAINT interests_withdrawn_check CHECK (
    (decision = 'withdrawn') = (withdrawal_reason IS NOT NULL)
);
-- squawk-ignore ban-drop-constraint
ALTER TABLE notifications DROP CONSTRAINT notifications_decision_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE notifications ADD CONSTRAINT notifications_decision_check CHECK (
    decision IN ('accepted', 'reserved', 'declined', 'withdrawn')
);
COMMENT ON COLUMN interests.withdrawn_at IS 'When it was taken back unanswered: nobody sees it any more.';
COMMENT ON COLUMN interests.withdrawal_reason IS 'Why the organisation withdrew after it was answered (decision withdrawn); for the two sides alone.';
