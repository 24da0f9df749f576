-- A plugin that keeps trapping is stopped: a state of its own, and what it is counted from.

-- SQLite cannot change a check, so the table is made anew; its rows are kept meanwhile.
create table grants_kept as select * from grants;
drop table grants;

create table grants (
    plugin      text   not null,
    hash        text   not null,
    -- Patterns by kind of capability, as JSON: what was given, and what was decided not to be given.
    granted     text   not null,
    withheld    text   not null,
    state       text   not null,
    -- How many runs in a row ended by a trap, of a version that was stopped for it.
    traps       bigint,
    decided_at  bigint not null,
    decided_by  text   not null,
    -- Counts the decisions of all plugins. Whoever executes runs compares the largest with the one it saw last.
    revision    bigint not null,
    -- What was decided holds for one version of one plugin.
    constraint grants_are_decided_once_a_version primary key (plugin, hash),
    -- A word outside this list could be taken for any.
    constraint grants_have_a_known_state check (state in ('enabled', 'disabled', 'tripped')),
    -- Who is told that a plugin was stopped is told after how many traps.
    constraint grants_count_the_traps_that_stopped check ((state = 'tripped') = (traps is not null)),
    -- Two decisions of one number would hide one of them from who looks for a larger one.
    constraint grants_are_counted unique (revision)
);

insert into grants (plugin, hash, granted, withheld, state, traps, decided_at, decided_by, revision)
    select plugin, hash, granted, withheld, state, null, decided_at, decided_by, revision from grants_kept;
drop table grants_kept;

-- When the run was found to have failed by a trap; null for every other run.
alter table runs add column trapped_at bigint;

-- Counted back from the last one whenever a run ends by a trap.
create index runs_that_count_for_their_version on runs (plugin, plugin_hash, updated_at)
    where state = 'succeeded' or trapped_at is not null;
-- Asked for plugin by plugin while one of them is at its limit, also when thousands of its runs are queued. The state is
-- compared in a form that no other index has, so that SQLite does not take the one of all queued runs instead.
create index runs_queued_by_plugin on runs (plugin, created_at, id) where state || '' = 'queued';
