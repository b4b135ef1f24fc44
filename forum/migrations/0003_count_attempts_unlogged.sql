-- Counting how often something is done writes with every search and call: it need not wait for the disk, nor reach a replica.
ALTER TABLE attempts SET UNLOGGED;
COMMENT ON TABLE attempts IS 'How often something was tried lately, by member, address, account or token; subject is a keyed hash, no address or mail is kept. Unlogged: it may be lost in a crash.';
