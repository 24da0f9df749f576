//! Everything that needs the real program, real components or real servers.

mod author;
mod double;
mod grants;
mod kill;
mod limits;
mod mcp;
mod mcp_servers;
mod providers;
mod replay;
mod runs;
mod sandbox;
mod tools;
