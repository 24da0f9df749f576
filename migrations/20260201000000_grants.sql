create table grants (
    plugin      text   not null,
    hash        text   not null,
    -- Patterns by kind of capability, as JSON: what was given, and what was decided not to be given.
    granted     text   not null,
    withheld    text   not null,
    state       text   not null,
    decided_at  bigint not null,
    decided_by  text   not null,
    -- Counts the decisions of all plugins. Whoever executes runs compares the largest with the one it saw last.
    revision    bigint not null,
    -- What was decided holds for one version of one plugin.
    constraint grants_are_decided_once_a_version primary key (plugin, hash),
    -- A word outside this list could be taken for either.
    constraint grants_have_a_known_state check (state in ('enabled', 'disabled')),
    -- Two decisions of one number would hide one of them from who looks for a larger one.
    constraint grants_are_counted unique (revision)
);
