-- Who may use a host over a network. Passwords and secrets are kept as hashes; the keys that sign access tokens are not, for they
-- are used.
create table users (
    id            text   not null,
    name          text   not null,
    -- The name in small letters.
    name_key      text   not null,
    -- argon2id, in PHC form.
    password      text   not null,
    role          text   not null,
    -- 1: every project exists for the user; 0: those in `members` alone.
    all_projects  bigint not null,
    created_at    bigint not null,
    updated_at    bigint not null,
    -- Since when the user may do nothing; null for one who may.
    disabled_at   bigint,
    -- Everything that belongs to a user names it by its id.
    constraint users_have_one_id primary key (id),
    -- Who types a name means one user, however it is written.
    constraint users_have_a_name_of_their_own unique (name_key),
    -- Baton would not know what a user with another role may do.
    constraint users_have_a_known_role check (role in ('viewer', 'developer', 'admin'))
);

create table members (
    user_id      text not null,
    project      text not null,
    -- What is delegated to the user for the project, as a JSON list.
    permissions  text not null,
    -- What is delegated is said once.
    constraint members_are_one_a_project primary key (user_id, project),
    -- A user who is added later must not find what was another's.
    constraint members_are_users foreign key (user_id) references users (id),
    -- Nothing can be delegated for what never was a project.
    constraint members_belong_to_a_project foreign key (project) references projects (id)
);

create table sessions (
    id            text   not null,
    user_id       text   not null,
    -- SHA-256 of what the session is refreshed by next.
    refresh       text   not null,
    -- How often it was refreshed.
    generation    bigint not null,
    -- Where the user logged in from; null where nobody knows.
    address       text,
    created_at    bigint not null,
    refreshed_at  bigint not null,
    expires_at    bigint not null,
    -- When it was ended; null where it was not.
    revoked_at    bigint,
    -- Access tokens name it.
    constraint sessions_have_one_id primary key (id),
    -- A secret refreshes one session.
    constraint sessions_have_a_secret_of_their_own unique (refresh),
    -- A session that is nobody's could not be ended.
    constraint sessions_belong_to_a_user foreign key (user_id) references users (id)
);

create index sessions_by_user on sessions (user_id);

-- What sessions were refreshed by before. Whoever brings one has a copy.
create table used_refreshes (
    -- SHA-256.
    hash        text   not null,
    session     text   not null,
    generation  bigint not null,
    -- A secret was that of one session.
    constraint used_refreshes_are_used_once primary key (hash),
    -- It says which session is to be ended.
    constraint used_refreshes_belong_to_a_session foreign key (session) references sessions (id)
);

create index used_refreshes_by_session on used_refreshes (session);

create table tokens (
    id            text   not null,
    user_id       text   not null,
    name          text   not null,
    -- SHA-256 of the secret.
    hash          text   not null,
    -- What the token is narrowed to, as a JSON list; null for all that its user may do.
    permissions   text,
    -- The ids of the projects that it is narrowed to, as a JSON list; null for all that its user sees.
    projects      text,
    created_at    bigint not null,
    -- When it ends by itself; null for never.
    expires_at    bigint,
    -- To the minute; null where it was never used.
    last_used_at  bigint,
    -- When it was ended; null where it was not.
    revoked_at    bigint,
    -- People revoke it by its id.
    constraint tokens_have_one_id primary key (id),
    -- A secret is one token.
    constraint tokens_have_a_secret_of_their_own unique (hash),
    -- A token that is nobody's could do nothing.
    constraint tokens_belong_to_a_user foreign key (user_id) references users (id)
);

create index tokens_by_user on tokens (user_id);

create table signing_keys (
    id          text   not null,
    -- In hexadecimal.
    secret      text   not null,
    created_at  bigint not null,
    -- Since when it signs no more; null for the one that signs.
    retired_at  bigint,
    -- What a key signed names it.
    constraint signing_keys_have_one_id primary key (id)
);

create table setup_links (
    -- SHA-256 of the link's secret.
    hash        text   not null,
    created_at  bigint not null,
    expires_at  bigint not null,
    -- There is one at most; the host replaces it.
    constraint setup_links_have_a_secret_of_their_own primary key (hash)
);
