create table questions (
    id             text   not null,
    run_id         text   not null,
    seq            bigint not null,
    root_id        text   not null,
    project        text   not null,
    plugin         text   not null,
    text           text   not null,
    -- A JSON list.
    options        text   not null,
    reasoning      text   not null,
    confidence     double precision not null,
    severity       text   not null,
    -- A JSON document.
    context        text   not null,
    best           text,
    expires_at     bigint,
    expiry_answer  text,
    asked_at       bigint not null,
    answer         text,
    answered_by    text,
    source         text,
    answered_at    bigint,
    -- When its run ended without an answer.
    withdrawn_at   bigint,
    -- A question is named once, so that asking it twice is asking it once.
    constraint questions_are_named_once primary key (id),
    -- Nobody would be told the answer.
    constraint questions_belong_to_a_run foreign key (run_id) references runs (id),
    -- A word outside this list would have no place in the order in which people read.
    constraint questions_have_a_known_severity check (severity in ('info', 'important', 'critical')),
    -- A time without an answer would wake the run for nothing, an answer without a time would never be taken.
    constraint questions_expire_into_an_answer check ((expires_at is null) = (expiry_answer is null)),
    -- Half an answer could be told by nobody.
    constraint questions_are_answered_whole
        check ((answer is null) = (answered_at is null) and (answered_by is null) = (answered_at is null) and (source is null) = (answered_at is null)),
    -- Whoever answered would be told that it came to something.
    constraint questions_are_answered_or_withdrawn check (answered_at is null or withdrawn_at is null)
);

create index questions_of_a_run on questions (run_id);
-- Looked at whenever one is asked, and people read no other; those that were answered are many more.
create index questions_open on questions (root_id) where answered_at is null and withdrawn_at is null;
-- Read by people among millions of events of every other kind.
create index events_of_decisions on events (cursor) where category = 'question' and name = 'decided';
