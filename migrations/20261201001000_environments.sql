-- What operators approved as the environment of a project. An environment that is replaced is kept with its time.
create table environments (
    -- The id of the project.
    project      text   not null,
    -- SHA-256 of the proposal and of the files that are built, in the journal form.
    hash         text   not null,
    -- JSON: what was approved, and which files said it.
    proposal     text   not null,
    -- As the container engine knows the image.
    image        text   not null,
    -- 1 where no registry has the image.
    is_local     bigint not null,
    approved_at  bigint not null,
    approved_by  text   not null,
    -- When another was approved in its place, or it was withdrawn; null for the one that holds.
    replaced_at  bigint,
    -- Approving the same again, such as with a newer base, makes it the last one again.
    constraint environments_are_one_a_proposal primary key (project, hash)
);
