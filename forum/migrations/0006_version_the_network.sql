-- What the network is called comes with every session: a session that was read before holds as long as the foundations.

CREATE TRIGGER network_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON network
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
COMMENT ON TABLE foundations IS 'The one row whose version grows when anything changes that pages everywhere rest on and that changes seldom: the network''s name, members and their names, organisations, regions, categories, groups, grants, and topics that leave their category.';
