-- The home page suggests by what a municipality says of itself: what is kept of pages has to know when it says otherwise.

CREATE TRIGGER profiles_touch_foundations
AFTER INSERT OR UPDATE OR DELETE ON profiles
FOR EACH STATEMENT EXECUTE FUNCTION touch_foundations();
