-- What operators sent to runs. A run takes its signals one by one, each by one call; those that were taken are kept with it.
create table signals (
    run_id    text   not null,
    -- Counts the signals of the run, from 1: the order in which they were sent.
    place     bigint not null,
    name      text   not null,
    -- A JSON document.
    value     text   not null,
    sent_at   bigint not null,
    sent_by   text   not null,
    -- The call of the run that took it, so that the same call made again gets the same signal; null until one does.
    taken_by  bigint,
    -- Two signals in one place would have no order.
    constraint signals_have_one_place_each primary key (run_id, place),
    -- Nothing would ever take it.
    constraint signals_are_for_a_run foreign key (run_id) references runs (id),
    -- Calls and places are counted from 1.
    constraint signals_are_counted_from_one check (place > 0 and (taken_by is null or taken_by > 0))
);

-- Looked at whenever a run waits for one or one is sent; those that were taken are many more.
create index signals_untaken on signals (run_id, name, place) where taken_by is null;
-- A call that took two would give one of them away.
create unique index signals_of_a_call on signals (run_id, taken_by) where taken_by is not null;
