-- The settings of the workspace as they were when a root run began, as JSON: what a run writes there later does not hold
-- for itself. Null for runs below a root, and for those that began before this column was there.
alter table runs add column project_settings text;
