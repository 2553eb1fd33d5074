//! One HTTP client a connection.
//!
//! The path of a call: [`Request`] (built by a service's `api.rs`) → token (`entra`) → sent once, with a
//! deadline and a bound on the answer (`exchange.rs`) → [`Reply`], or the error that its status and body
//! make (`failure.rs`; `content.rs` reads a body of any type). A 401 renews the token and sends the request once more.
//!
//! Redirects are never followed, and addresses that come out of data are used only when they lie on the
//! connection's own host: a token never goes anywhere else.

mod content;
mod exchange;
mod failure;
mod reply;
mod request;

use std::time::Duration;

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::Url;
use reqwest::header::AUTHORIZATION;

pub(crate) use exchange::{LONGEST_BODY, body_up_to, exchange, plain_client};
pub(crate) use reply::Reply;
pub(crate) use request::Request;

use crate::entra::{SignInError, Token, Tokens};
use crate::in_step::InStep;
use crate::settings::{SettingsError, SignIn};

/// The way to one service: its address, its tokens and its deadline.
pub(crate) struct Client {
    service: &'static str,
    base: Url,
    http: reqwest::Client,
    tokens: Tokens,
    /// Which records were put in step by calls of this connection.
    pub(crate) in_step: InStep,
}

impl Client {
    /// A client for the service at `url`; `audience` is what its tokens are for, by default the address.
    pub(crate) fn new(
        service: &'static str,
        url: &str,
        audience: Option<&str>,
        sign_in: &SignIn,
        deadline: Duration,
    ) -> Result<Client, SettingsError> {
        let base = address(url)?;
        let login = address(&sign_in.login_url)?;
        let http = plain_client(deadline)?;
        let audience = audience.unwrap_or(url).trim_end_matches('/').to_owned();
        let tokens = Tokens::new(http.clone(), &login, sign_in.clone(), audience)?;
        Ok(Client { service, base, http, tokens, in_step: InStep::default() })
    }

    /// Sends the request; anything but a success is an error.
    pub(crate) async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        let token = self.tokens.current(request.doing()).await?;
        let reply = self.attempt(request, &token).await?;
        if reply.status() != 401 {
            return reply.accepted();
        }
        let token = self.tokens.renewed(&token, request.doing()).await?;
        self.attempt(request, &token).await?.accepted()
    }

    /// Asks the service for nothing in particular, without a token: any answer shows that it can be reached.
    pub(crate) async fn knock(&self) -> Result<Reply, CallError> {
        let request = reqwest::Request::new(reqwest::Method::GET, self.base.clone());
        exchange(self.service, &self.http, request, "reaching the service", LONGEST_BODY).await
    }

    /// A token for the service.
    pub(crate) async fn token(&self, doing: &str) -> Result<Token, SignInError> {
        self.tokens.current(doing).await
    }

    /// What tokens are for.
    pub(crate) fn audience(&self) -> &str {
        self.tokens.audience()
    }

    /// The service's address without path.
    pub(crate) fn host(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// The path and query of an address that the service gave, if it lies on the service's own host.
    pub(crate) fn own_path(&self, text: &str) -> Result<String, CallError> {
        match self.base.join(text) {
            Ok(url) if url.origin() == self.base.origin() => {
                let above = self.base.path().trim_end_matches('/');
                let path = url.path().strip_prefix(above).unwrap_or(url.path());
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                Ok(format!("{path}{query}"))
            }
            _ => Err(CallError::new(
                CallErrorKind::Unexpected,
                format!("{} pointed to an address that is not its own; it was not followed", self.service),
            )),
        }
    }

    async fn attempt(&self, request: &Request, token: &Token) -> Result<Reply, CallError> {
        let mut built = request.build(&self.base)?;
        built.headers_mut().insert(AUTHORIZATION, token.header().clone());
        exchange(self.service, &self.http, built, request.doing(), LONGEST_BODY).await
    }
}

/// The address of a service. Plain `http` is taken on this machine only: tokens travel over it. A user name
/// or a password in it is refused, and no error repeats them.
pub(crate) fn address(text: &str) -> Result<Url, SettingsError> {
    let wrong = |reason: String| SettingsError::Address { address: without_user(text), reason };
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must hold no user name and no password; `sign_in` says how to sign in".to_owned()));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(wrong("it must begin with `https://`; `http://` is for 127.0.0.1 and localhost".to_owned())),
    }
}

/// The text from its last `@` on. It may be no address at all, so this looks for no more than that sign.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

/// Whether the host of an address is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
