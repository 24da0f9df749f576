//! Hostile components let loose: each is refused, leaks nothing, and disturbs nobody. `docs/security.md` lists them.

mod ambient;
mod authority;
mod cache;
mod containers;
mod ending;
mod files;
mod gate;
mod leftovers;
mod leftovers_for_git;
mod limits;
mod names;
mod repository;
mod runs;
mod setups;
mod table;
mod terminal;
