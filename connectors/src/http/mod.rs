//! Plain HTTP, for services that have no connector: no token, no base address, no redirects.
//!
//! | operation | what it does |
//! |---|---|
//! | `get` | reads an address |
//! | `post` | sends a body to an address |
//! | `request` | any method |
//!
//! The path of a call: `operations.rs` (three ways to write one [`RequestInput`]) → `api.rs` builds the
//! request, with its body from `body.rs` → `call.rs` sends it, waits for the result of work that was only
//! taken on (`long_running.rs`), and reads further pages (`pages.rs`) → [`HttpReply`].

mod api;
mod body;
mod call;
mod long_running;
mod operations;
mod pages;

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::clock::{Clock, SystemClock};
use cosell_engine::connector::{Connector, Limits};

pub use operations::{Get, GetInput, HttpReply, Pages, Post, PostInput, Request, RequestInput};

use crate::client::plain_client;
use crate::settings::SettingsError;
use call::Http;

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The connector `http`.
pub(crate) fn connector() -> Result<Connector, SettingsError> {
    with_clock(Arc::new(SystemClock))
}

/// The connector with the clock by which it waits.
fn with_clock(clock: Arc<dyn Clock>) -> Result<Connector, SettingsError> {
    let http = Arc::new(Http::new(plain_client(DEADLINE)?, clock));
    let limits = Limits { one_service: false, ..Limits::default() };
    let connector = Connector::new("http").with(Get::new(&http)).with(Post::new(&http)).with(Request::new(&http));
    Ok(connector.with_limits(limits))
}

#[cfg(test)]
mod tests;
