//! Everything that needs the real program, real components or real servers.

mod author;
mod beside;
mod budgets;
mod claims;
mod distribution;
mod double;
mod grants;
mod hostile;
mod kill;
mod limits;
mod mcp;
mod mcp_servers;
mod parking;
mod pausing;
mod providers;
mod questions;
mod repair;
mod replay;
mod runs;
mod sandbox;
mod serve;
mod taking_back;
mod tools;
