-- What the workspace of a run's root was when that run began, in words of the host that looks at repositories. Null for runs
-- that were begun before pins were kept.
alter table runs add column pin text;

-- The same for whoever made a worktree: it is also returned when no run is there to ask.
alter table worktrees add column pin text;
