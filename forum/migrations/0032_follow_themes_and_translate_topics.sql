-- Themes that members follow, and topics in a second language by their authors.

CREATE TABLE theme_subscriptions (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    theme_id bigint NOT NULL REFERENCES themes ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, theme_id)
);
CREATE INDEX theme_subscriptions_theme_id_idx ON theme_subscriptions (theme_id);
COMMENT ON TABLE theme_subscriptions IS 'Themes that members follow: they are told of every new topic that names one, where they may read it and have not muted its category.';

CREATE TABLE topic_translations (
    topic_id bigint NOT NULL REFERENCES topics ON DELETE CASCADE,
    language text NOT NULL CONSTRAINT topic_translations_language_check CHECK (language ~ '^[a-z]{2}$'),
    author_id bigint NOT NULL REFERENCES members,
    title text NOT NULL CONSTRAINT topic_translations_title_check CHECK (
        title = btrim(title) AND length(title) BETWEEN 1 AND 200
    ),
    body text NOT NULL CONSTRAINT topic_translations_body_check CHECK (length(body) <= 50000),
    html text NOT NULL,
    fields jsonb NOT NULL DEFAULT '{}' CONSTRAINT topic_translations_fields_check CHECK (
        jsonb_typeof(fields) = 'object'
    ),
    words text NOT NULL,
    revision_count integer NOT NULL CONSTRAINT topic_translations_revision_count_check CHECK (revision_count >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, language)
);
CREATE INDEX topic_translations_author_id_idx ON topic_translations (author_id);
CREATE TRIGGER topic_translations_touch_topic
AFTER INSERT OR UPDATE ON topic_translations
FOR EACH ROW EXECUTE FUNCTION touch_topic();
COMMENT ON TABLE topic_translations IS 'A topic in another language than its own: title, first post and the texts among its fields (docs/adr/0044-themes-and-translations.md). html is sanitised on write, words is what the search finds it by.';
COMMENT ON COLUMN topic_translations.revision_count IS 'That of the first post when this was written: where the post has more, the original has changed since.';

ALTER TABLE topics ADD COLUMN translated_titles jsonb NOT NULL DEFAULT '{}'
CONSTRAINT topics_translated_titles_check CHECK (jsonb_typeof(translated_titles) = 'object');
COMMENT ON COLUMN topics.translated_titles IS 'The titles of topic_translations by their languages, for lists.';
