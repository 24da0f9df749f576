//! Everything that needs the real program, real components or real servers.

mod double;
mod grants;
mod kill;
mod limits;
mod mcp;
mod mcp_servers;
mod parking;
mod providers;
mod replay;
mod runs;
mod sandbox;
mod tools;
