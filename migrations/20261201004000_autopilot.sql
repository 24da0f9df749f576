-- What an operator lets the autopilot of a project do.
create table autopilots (
    project     text   not null,
    -- The run that is the autopilot; any other ends itself. It may not have been started yet.
    run_id      text   not null,
    -- 0 or 1.
    is_on       bigint not null,
    -- Where stories land.
    branch      text   not null,
    -- Stories at work at the same time.
    stories     bigint not null,
    -- How often a story is tried.
    tries       bigint not null,
    -- Billionths of a dollar that the project may spend a day; null for no limit.
    day_limit   bigint,
    -- Minutes since midnight, local time, between which stories are begun; both null for always.
    hours_from  bigint,
    hours_to    bigint,
    -- The name of the time zone, such as `Europe/Berlin`.
    zone        text   not null,
    set_at      bigint not null,
    set_by      text   not null,
    -- A project has one autopilot.
    constraint autopilots_are_one_a_project primary key (project)
);
