-- The home page suggests by what a municipality says of itself and what its members follow: what is kept of pages
-- has to know when that changes.

CREATE TRIGGER profiles_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON profiles
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();

CREATE TRIGGER theme_subscriptions_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON theme_subscriptions
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
