create table pull_requests (
    project       text   not null,
    number        bigint not null,
    branch        text   not null,
    into_branch   text   not null,
    title         text   not null,
    body          text   not null,
    state         text   not null,
    -- The commit that was merged, and the commit by which it was.
    head          text,
    merge_commit  text,
    -- The call that opened it, so that the same call again is told of it and opens no other.
    opened_key    text   not null,
    opened_by     text   not null,
    opened_at     bigint not null,
    ended_by      text,
    ended_at      bigint,
    -- People name it so.
    constraint pull_requests_are_numbered_once primary key (project, number),
    -- One call opens one.
    constraint pull_requests_are_opened_once unique (project, opened_key),
    -- A word outside this list would be listed nowhere.
    constraint pull_requests_have_a_known_state check (state in ('open', 'merged', 'closed')),
    -- What was merged without a commit could be found by nobody.
    constraint pull_requests_are_merged_by_a_commit check ((state = 'merged') = (merge_commit is not null)),
    -- Half an end could be told by nobody.
    constraint pull_requests_end_whole check ((state = 'open') = (ended_at is null) and (ended_by is null) = (ended_at is null))
);

-- Two open ones of the same branches would be reviewed and merged apart.
create unique index pull_requests_open on pull_requests (project, branch, into_branch) where state = 'open';

create table pull_request_checks (
    project      text   not null,
    number       bigint not null,
    name         text   not null,
    progress     text   not null,
    summary      text   not null,
    -- The commit it is about; null where nobody could say.
    head         text,
    reported_at  bigint not null,
    -- What is reported again replaces what was.
    constraint pull_request_checks_are_named_once primary key (project, number, name),
    -- It would be shown nowhere.
    constraint pull_request_checks_belong_to_one foreign key (project, number) references pull_requests (project, number),
    -- Another word could be taken for green.
    constraint pull_request_checks_have_a_known_progress check (progress in ('pending', 'passed', 'failed'))
);

create table pull_request_reviews (
    project   text   not null,
    number    bigint not null,
    -- The call that wrote it, so that the same call again writes nothing.
    key       text   not null,
    verdict   text   not null,
    text      text   not null,
    author    text   not null,
    at        bigint not null,
    -- One call writes one.
    constraint pull_request_reviews_are_written_once primary key (project, number, key),
    -- It would be shown nowhere.
    constraint pull_request_reviews_belong_to_one foreign key (project, number) references pull_requests (project, number),
    -- Another word could be taken for an approval.
    constraint pull_request_reviews_have_a_known_verdict check (verdict in ('approve', 'request-changes', 'comment'))
);
