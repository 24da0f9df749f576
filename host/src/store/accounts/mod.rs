//! The tables of accounts: users and what they are members of, their sessions and tokens, the keys that sign access tokens, and
//! the setup link. Hashes nothing: what comes here is hashed already.

mod sessions;
mod signing_keys;
mod tokens;
mod users;

/// What errors call it.
const ACCOUNTS: &str = "the accounts";
