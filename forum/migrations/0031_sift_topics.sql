-- Lists of topics by what closes next, sifted by what their fields say (docs/adr/0040-lists.md).

-- What lists are sifted by: each code as name:code, and the words of the programme, so that the planner knows how
-- frequent each is, which it cannot tell of JSON.
CREATE FUNCTION facets_of(jsonb) RETURNS text []
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce(array_agg(facets.facet), '{}')
        FROM (
            SELECT named.name || ':' || said.code AS facet
            FROM
                unnest('{type,themes,countries,roles,state,owner,audience,language}'::text [])
                    AS named (name)
            CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE jsonb_typeof($1 -> named.name)
                    WHEN 'array' THEN $1 -> named.name
                    WHEN 'string' THEN jsonb_build_array($1 -> named.name)
                    ELSE '[]'
                END
            ) AS said (code)
            UNION
            SELECT 'programme:' || words.word
            FROM regexp_split_to_table(fold($1 ->> 'programme'), '[^[:alnum:]]+') AS words (word)
            WHERE words.word <> ''
        ) AS facets
    );

ALTER TABLE topics ADD COLUMN facets text [] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN topics.facets IS 'What lists are sifted by, as facets_of finds it in fields; countries:any of a proposal that names none.';

CREATE FUNCTION note_facets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.facets := facets_of(NEW.fields);
    -- One that names no country is open to all of them.
    IF NEW.kind = 'proposal' AND NOT NEW.fields ? 'countries' THEN
        NEW.facets := NEW.facets || '{countries:any}';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER topics_note_facets_inserted
BEFORE INSERT ON topics
FOR EACH ROW WHEN (new.fields <> '{}') EXECUTE FUNCTION note_facets();
CREATE TRIGGER topics_note_facets_updated
BEFORE UPDATE OF fields ON topics
FOR EACH ROW EXECUTE FUNCTION note_facets();
UPDATE topics SET fields = topics.fields
WHERE topics.fields <> '{}';

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_facets_idx ON topics USING gin (facets) WHERE facets <> '{}' AND deleted_at IS NULL;

-- What closes never stands last, the newest first.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX topics_closing_idx ON topics (category_id, (coalesce(deadline_at, 'infinity'::timestamptz)), (- id))
WHERE deleted_at IS NULL;
