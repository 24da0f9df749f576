-- A run waits for several things of different kinds at once, each named by a key: `run:ID`, `question:ID`, `signal:RUN:NAME`,
-- `item:PROJECT:KEY`.
create table waiting (
    run_id text not null,
    on_key text not null,
    -- Waiting twice for the same thing is waiting once.
    constraint waiting_is_said_once primary key (run_id, on_key),
    -- Nobody could be woken.
    constraint waiting_belongs_to_a_run foreign key (run_id) references runs (id)
);
create index waiting_by_what_ends_it on waiting (on_key);

insert into waiting (run_id, on_key) select run_id, 'run:' || on_run_id from waits;
insert into waiting (run_id, on_key)
    select run_id, 'question:' || id from questions where answered_at is null and withdrawn_at is null;
drop table waits;

-- Counts the changes of an item, so that a run can wait for the next one.
alter table items add column revision bigint not null default 0;

-- Why a run is being cancelled or was: `operator`, `run` (the run that started it gave it up) or `ended` (a run above it
-- ended); null for a run that nobody cancels, and for one that was cancelled before causes were kept.
alter table runs add column cancel_cause text;
