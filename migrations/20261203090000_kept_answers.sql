create table kept_answers (
    -- Who sent the request.
    caller     text   not null,
    -- The key that they gave it.
    request_key text  not null,
    -- SHA-256 of the request: another one with the same key is a mistake.
    request    text   not null,
    -- Which process began it. If that ended without an answer, what was done is not known.
    process    text   not null,
    -- The answer as JSON; null until there is one.
    answer     text,
    created_at bigint not null,
    -- A request is done once, however often it is sent.
    constraint answers_are_kept_once_a_key primary key (caller, request_key)
);
-- Answers older than a day are removed as new ones come.
create index kept_answers_by_age on kept_answers (created_at);
