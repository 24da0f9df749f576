-- In which form a plugin was granted a tool of somebody else's: its description, its parameters and its effects in
-- hashes. A tool that has another form now is denied until an operator approves it.
create table tool_forms (
    plugin      text   not null,
    -- The whole name, such as `web.search`.
    tool        text   not null,
    -- As JSON.
    form        text   not null,
    seen_at     bigint not null,
    -- The operator that approved it; null where it is as it was first seen under the grant.
    approved_by text,
    -- Two forms of one tool could each be taken for the one that was granted.
    constraint tool_forms_are_one_a_plugin primary key (plugin, tool)
);
