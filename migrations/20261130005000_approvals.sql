-- What was approved before holds for the runs that began while it did: an approval is kept when another replaces it.
create table kept_approvals (
    project      text   not null,
    -- SHA-256 of the bindings in the journal form.
    hash         text   not null,
    -- JSON.
    bindings     text   not null,
    approved_at  bigint not null,
    approved_by  text   not null,
    -- When another of the project was approved; null for the last one.
    replaced_at  bigint,
    -- Approving a table again makes it the last one again.
    constraint kept_approvals_are_one_a_table primary key (project, hash)
);

insert into kept_approvals (project, hash, bindings, approved_at, approved_by)
    select project, hash, bindings, approved_at, approved_by from approved_bindings;
drop table approved_bindings;
