//! Plain HTTP, for services that have no connector: no token, no base address, no redirects.
//!
//! | operation | what it does |
//! |---|---|
//! | `get` | reads an address |
//! | `post` | sends a body to an address |
//! | `request` | any method |

mod api;
mod operations;

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::connector::Connector;

pub use operations::{Get, GetInput, HttpReply, Post, PostInput, Request, RequestInput};

use crate::client::plain_client;
use crate::settings::SettingsError;

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The connector `http`.
pub(crate) fn connector() -> Result<Connector, SettingsError> {
    let http = Arc::new(plain_client(DEADLINE)?);
    Ok(Connector::new("http").with(Get::new(&http)).with(Post::new(&http)).with(Request::new(&http)))
}
