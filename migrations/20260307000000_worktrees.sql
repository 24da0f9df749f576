-- The folders that Baton keeps for worktrees: what each is used for, or was last.
create table worktrees (
    project   text   not null,
    -- Counts the folders of a project, from 1; the folder is named by it.
    slot      bigint not null,
    -- The person's checkout whose repository it is of.
    checkout  text   not null,
    -- Also the name by which runs know the worktree.
    branch    text   not null,
    base      text   not null,
    -- The call that asked for it, run:seq: the same call again finds what it made.
    made_by   text   not null,
    root_id   text   not null,
    state     text   not null,
    changed_at  bigint not null,
    -- A folder is one worktree at a time.
    constraint worktrees_have_one_row_a_folder primary key (project, slot),
    -- A word outside this list would keep a folder from ever being used again.
    constraint worktrees_have_a_known_state check (state in ('making', 'ready', 'free'))
);

-- A branch is checked out once: two worktrees of one would overwrite each other's commits.
create unique index worktrees_by_branch on worktrees (project, branch) where state <> 'free';
