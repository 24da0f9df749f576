-- Projects become rows with an id of their own. Before, a project was the name and the hash of its folder's path.
create table projects (
    id           text   not null,
    name         text   not null,
    -- Where others find its repository; null where nobody said.
    repository   text,
    state        text   not null,
    -- JSON.
    settings     text   not null,
    -- By what it was known before it had an id. Settings may still name it so, and its folder is recognized by it.
    former_key   text,
    created_at   bigint not null,
    updated_at   bigint not null,
    -- When an operator removed it. The row stays, so that what its runs did and cost keeps a name.
    removed_at   bigint,
    -- Everything that belongs to a project names it by its id.
    constraint projects_have_one_id primary key (id),
    -- Baton would not know whether runs may start in a project with another word.
    constraint projects_have_a_known_state check (state in ('inactive', 'active', 'paused', 'completed', 'error'))
);

-- A name on a command line means one project. The name of a removed project can be used again.
create unique index projects_by_name on projects (name) where removed_at is null;

create table project_folders (
    -- An absolute path without links.
    folder    text   not null,
    project   text   not null,
    added_at  bigint not null,
    -- A run in a folder belongs to one project.
    constraint project_folders_belong_to_one_project primary key (folder),
    -- A run in the folder of an unknown project could not start.
    constraint project_folders_belong_to_a_project foreign key (project) references projects (id)
);

create index folders_by_project on project_folders (project);

-- The folder below `worktrees` in which the worktree lies. Null: the folder is named by the project.
alter table worktrees add column folder text;
update worktrees set folder = project;

-- The keys that the host replaces by ids as soon as this migration is done: names and ids are not made in SQL. The host
-- drops this table in the same transaction, and opens no database for reading that still has it.
create table project_keys (
    key text not null,
    -- A key becomes one project.
    constraint project_keys_are_replaced_once primary key (key)
);

insert into project_keys (key)
    select project from runs
    union select project from state
    union select project from questions
    union select project from worktrees
    union select project from items
    union select project from pull_requests
    union select of_id from budgets where scope = 'project';
