-- Ids and JSON are text, times are bigint milliseconds since 1970 UTC, a flag is bigint 0 or 1.

create table runs (
    id                   text   not null,
    parent_id            text,
    parent_seq           bigint,
    root_id              text   not null,
    forked_from_id       text,
    forked_from_seq      bigint,
    plugin               text   not null,
    plugin_version       text   not null,
    plugin_hash          text   not null,
    kind                 text   not null,
    input                text   not null,
    project              text   not null,
    workspace            text   not null,
    settings             text   not null,
    seed                 text   not null,
    started_at           bigint not null,
    state                text   not null,
    -- The whole state as JSON where the word alone does not say it: what is waited for, why it was paused or failed.
    state_detail         text,
    -- When a run that waits for a time is due; null for every other run.
    wake_at              bigint,
    output               text,
    created_at           bigint not null,
    updated_at           bigint not null,
    cancel_requested_at  bigint,
    -- A run is named once, so that starting it twice is starting it once.
    constraint runs_are_named_once primary key (id),
    -- Words outside this list would be skipped by every scheduler and so never end.
    constraint runs_have_a_known_state
        check (state in ('queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled')),
    -- A parent without the call that started the child could not find the child again.
    constraint runs_know_the_call_of_their_parent check ((parent_id is null) = (parent_seq is null)),
    -- A fork without the call it begins at has no prefix.
    constraint runs_know_where_they_were_forked check ((forked_from_id is null) = (forked_from_seq is null)),
    -- A due time on a run that does not wait would wake it while it works.
    constraint runs_are_due_only_while_waiting check (wake_at is null or state = 'waiting')
);

create index runs_by_parent on runs (parent_id);
create index runs_by_state on runs (state, created_at);
create index runs_by_age on runs (created_at);
-- Asked again after everything that happens, so it must not take longer the more runs wait.
create index runs_by_due on runs (wake_at) where wake_at is not null;
-- Looked for four times a second, and there is hardly ever one.
create index runs_to_cancel on runs (cancel_requested_at) where cancel_requested_at is not null;

create table waits (
    run_id     text not null,
    on_run_id  text not null,
    -- Waiting twice for the same run is waiting once.
    constraint waits_are_said_once primary key (run_id, on_run_id),
    -- Nobody could be woken.
    constraint waits_belong_to_a_run foreign key (run_id) references runs (id),
    -- Nothing could wake it: a wait for a run that is not there would last for ever.
    constraint waits_are_for_a_run foreign key (on_run_id) references runs (id)
);

create index waits_by_what_ends_them on waits (on_run_id);

-- No foreign key to runs here and in events: these rows are written far more often than any other, by a host that has
-- the run's row before it, and each would pay for a second look-up.
create table journal (
    run_id        text   not null,
    seq           bigint not null,
    call          text   not null,
    effect        text   not null,
    request_hash  text   not null,
    request       text,
    request_blob  text,
    state         text   not null,
    answer        text,
    answer_blob   text,
    repeated      bigint not null,
    asked_at      bigint not null,
    answered_at   bigint,
    -- The calls of a run have one total order; a later state of a call replaces the earlier one.
    constraint journal_has_one_entry_a_call primary key (run_id, seq),
    -- A request lies in the row or in the blob store; with both or neither nobody could say what was asked.
    constraint journal_keeps_a_request_once check ((request is null) <> (request_blob is null)),
    -- The same of an answer, of which there may be none yet.
    constraint journal_keeps_an_answer_once check (answer is null or answer_blob is null),
    -- A flag is 0 or 1; booleans do not travel between the databases.
    constraint journal_flags_are_flags check (repeated in (0, 1))
);

create table events (
    -- Given by the host's one writer, in the order in which the events became durable.
    cursor    bigint not null,
    at        bigint not null,
    category  text   not null,
    name      text   not null,
    run_id    text,
    data      text   not null,
    -- A reader passes the last cursor it saw and misses nothing: each may be given once.
    constraint events_have_one_cursor_each primary key (cursor),
    -- Readers ask for what comes after 0.
    constraint events_are_counted_from_one check (cursor > 0)
);

create index events_of_a_run on events (run_id, cursor);

create table state (
    project     text   not null,
    bucket      text   not null,
    key         text   not null,
    version     bigint not null,
    -- Null once it was deleted: the row stays, so that its versions go on and an old reader is told of a conflict.
    value       text,
    -- The call that wrote the version, so that the same call again is told of it and changes nothing.
    writer      text   not null,
    updated_at  bigint not null,
    -- One document lies in one place.
    constraint state_has_one_document_a_key primary key (project, bucket, key),
    -- 0 means "none" to every reader.
    constraint state_versions_count_from_one check (version > 0)
);
