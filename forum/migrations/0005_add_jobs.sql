-- What is done by the clock has a row that says when it was done and who does it now, so that of several processes
-- on several machines one does it.

CREATE TABLE jobs (
    name text PRIMARY KEY CONSTRAINT jobs_name_check CHECK (name ~ '^[a-z_]{1,40}$'),
    done_at timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz
);
COMMENT ON TABLE jobs IS 'What is done by the clock: when it was last done (at first: known), and until when a process has it or, after a failure, leaves it be.';
