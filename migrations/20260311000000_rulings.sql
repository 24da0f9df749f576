-- What was decided of a plugin by its name: taken back, disabled, enabled. It holds for every version that was decided of
-- before, also for those whose file is gone: a grant that comes back with its file comes back without what was taken.
create table rulings (
    plugin      text   not null,
    -- What was decided, as JSON.
    rule        text   not null,
    decided_at  bigint not null,
    decided_by  text   not null,
    -- In one row with those of `grants`: whoever executes runs compares the largest with the one it saw last, and what
    -- was decided of a version later than this is not touched by it.
    revision    bigint not null,
    -- Each is found by its place among all decisions.
    constraint rulings_are_counted primary key (revision)
);
