//! Jobs, settings and outputs that make sense and that do not.
