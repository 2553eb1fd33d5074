//! The sandbox as a client sees it: each test starts one and talks HTTP to it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod admin;
mod bad_input;
mod dataverse;
mod entra;
mod harness;
mod referrals;
mod state;
mod tls;
mod webhooks;
