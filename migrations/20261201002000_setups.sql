-- The setup that an operator approved for a project. What the repository proposes holds only while it is this one.
create table setups (
    project      text   not null,
    -- SHA-256 of the command and the files in the journal form.
    hash         text   not null,
    -- JSON.
    plan         text   not null,
    approved_at  bigint not null,
    approved_by  text   not null,
    -- A project has one setup.
    constraint setups_are_one_a_project primary key (project)
);
