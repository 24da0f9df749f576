-- Which plugins operators bound to slots by command.
create table bindings (
    -- The id of a project; empty for all projects.
    project   text   not null,
    -- A label; empty for all items.
    label     text   not null,
    slot      text   not null,
    plugin    text   not null,
    bound_at  bigint not null,
    bound_by  text   not null,
    -- A slot is filled by one plugin.
    constraint bindings_are_made_once_a_scope primary key (project, label, slot)
);

-- Which bindings in the settings of a repository an operator approved last.
create table approved_bindings (
    project      text   not null,
    -- SHA-256 of the bindings in the journal form. What has another hash holds no longer.
    hash         text   not null,
    -- JSON.
    bindings     text   not null,
    approved_at  bigint not null,
    approved_by  text   not null,
    -- An approval replaces the one before.
    constraint approved_bindings_are_one_a_project primary key (project)
);

-- The slot that a run was asked for as; null for one whose plugin was named.
alter table runs add column slot text;
-- The key of the item that a run is for, in the backlog of its project.
alter table runs add column item text;
