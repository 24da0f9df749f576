create table budgets (
    -- `organisation`, `project` or `run`.
    scope     text   not null,
    -- The project's name or the run's id; empty for the organisation.
    of_id     text   not null,
    -- Billionths of a dollar.
    amount    bigint not null,
    set_at    bigint not null,
    set_by    text   not null,
    -- Two budgets of one thing would hide one of them.
    constraint budgets_are_set_once primary key (scope, of_id),
    -- Another word would limit nothing.
    constraint budgets_have_a_known_scope check (scope in ('organisation', 'project', 'run')),
    -- Nothing could be spent of it, not even the first call.
    constraint budgets_are_above_nothing check (amount > 0)
);

-- The books read on from the last reply they know, past everything else that happened.
create index events_of_models on events (category, cursor);
