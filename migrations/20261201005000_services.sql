-- The services beside the tests of a project that an operator approved. They hold while the repository proposes these.
create table services (
    project      text   not null,
    -- SHA-256 of the services in the journal form.
    hash         text   not null,
    -- JSON.
    services     text   not null,
    approved_at  bigint not null,
    approved_by  text   not null,
    -- A project has one set of services.
    constraint services_are_one_a_project primary key (project)
);
