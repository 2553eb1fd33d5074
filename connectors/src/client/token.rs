//! Tokens of Microsoft Entra ID, one audience a connection.
//!
//! A token is kept until four fifths of its life are over. Whoever finds none asks for one while the
//! others wait for the answer, so that a burst of calls makes one request.

use std::time::{Duration, Instant};

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::exchange::{LONGEST_BODY, exchange};
use super::reply::Reply;
use crate::odata::encode_segment;
use crate::settings::{SettingsError, SignIn};

/// The tokens for one audience.
pub(super) struct Tokens {
    http: reqwest::Client,
    endpoint: Url,
    sign_in: SignIn,
    audience: String,
    state: Mutex<State>,
}

/// A token and when it is time for the next.
#[derive(Clone)]
pub(super) struct Token {
    value: SecretString,
    renew_at: Instant,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The newest refresh token, once the service has given one.
    refresh_token: Option<SecretString>,
}

impl Token {
    /// The text for the header.
    pub(super) fn value(&self) -> &SecretString {
        &self.value
    }
}

impl Tokens {
    /// Tokens for `audience`, from the sign-in service at `login`.
    pub(super) fn new(http: reqwest::Client, login: &Url, sign_in: SignIn, audience: String) -> Tokens {
        let mut endpoint = login.clone();
        endpoint.set_path(&format!("/{}/oauth2/v2.0/token", encode_segment(&sign_in.tenant)));
        Tokens { http, endpoint, sign_in, audience, state: Mutex::default() }
    }

    /// A token that is good for a while yet; `doing` is what it is needed for.
    pub(super) async fn current(&self, doing: &str) -> Result<Token, CallError> {
        let mut state = self.state.lock().await;
        match &state.token {
            Some(token) if token.renew_at > Instant::now() => Ok(token.clone()),
            _ => self.fetch(&mut state, doing).await,
        }
    }

    /// Another token than the one that was refused. Somebody else may have fetched it already.
    pub(super) async fn renewed(&self, refused: &Token, doing: &str) -> Result<Token, CallError> {
        let mut state = self.state.lock().await;
        match &state.token {
            Some(token) if token.value.expose_secret() != refused.value.expose_secret() => Ok(token.clone()),
            _ => self.fetch(&mut state, doing).await,
        }
    }

    async fn fetch(&self, state: &mut State, doing: &str) -> Result<Token, CallError> {
        let doing = format!("{doing}: signing in to `{}`", self.audience);
        let form = self.form(state).map_err(|error| no_credential(format!("{doing} is not possible: {error}")))?;
        let request = self
            .http
            .request(Method::POST, self.endpoint.clone())
            .form(&form)
            .build()
            .map_err(|error| CallError::new(CallErrorKind::Input, format!("{doing}: {}", error.without_url())))?;
        let reply = exchange("entra", &self.http, request, &doing, LONGEST_BODY).await.map_err(nothing_was_done)?;
        let granted = granted(&reply)?;
        let token = Token { renew_at: Instant::now() + time_to_renewal(granted.life), value: granted.token };
        state.refresh_token = granted.refresh_token.or(state.refresh_token.take());
        state.token = Some(token.clone());
        Ok(token)
    }

    fn form(&self, state: &State) -> Result<Vec<(&'static str, String)>, SettingsError> {
        let mut form = vec![("client_id", self.sign_in.client_id.clone())];
        if let Some(secret) = &self.sign_in.client_secret {
            form.push(("client_secret", secret.read()?.expose_secret().to_owned()));
        }
        let scope = format!("{}/.default", self.audience);
        match &self.sign_in.refresh_token {
            Some(configured) => {
                let refresh_token = match &state.refresh_token {
                    Some(newest) => newest.clone(),
                    None => configured.read()?,
                };
                form.push(("grant_type", "refresh_token".to_owned()));
                form.push(("refresh_token", refresh_token.expose_secret().to_owned()));
                form.push(("scope", format!("{scope} offline_access")));
            }
            None => {
                form.push(("grant_type", "client_credentials".to_owned()));
                form.push(("scope", scope));
            }
        }
        Ok(form)
    }
}

/// What the sign-in service grants.
struct Granted {
    token: SecretString,
    refresh_token: Option<SecretString>,
    life: Duration,
}

#[derive(Deserialize)]
struct GrantedBody {
    access_token: SecretString,
    /// Seconds: a number in the newer form of the answer, a text in the older.
    expires_in: Value,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

fn granted(reply: &Reply) -> Result<Granted, CallError> {
    if !(200..300).contains(&reply.status) {
        return Err(refused(reply));
    }
    let body: GrantedBody = serde_json::from_slice(&reply.body).map_err(|_| reply.unexpected("holds no token"))?;
    let seconds = match &body.expires_in {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = seconds.ok_or_else(|| reply.unexpected("does not say how long the token lives"))?;
    Ok(Granted {
        token: body.access_token,
        refresh_token: body.refresh_token,
        life: Duration::from_secs(seconds.min(86_400)),
    })
}

/// The error where there is no credential that the service would take. Its status is 401 whatever the sign-in
/// service said, so that a caller tells a credential that no call can be made with from one call that is not allowed.
fn no_credential(message: String) -> CallError {
    CallError { status: Some(401), ..CallError::new(CallErrorKind::Denied, message) }
}

/// A refusal is final until somebody changes the settings; anything else may pass.
fn refused(reply: &Reply) -> CallError {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let code = body["error"].as_str().map(str::to_owned);
    // The first line says what is wrong; the others repeat the ids of the request.
    let said = body["error_description"].as_str().and_then(|text| text.lines().next()).unwrap_or("no reason given");
    let passing = matches!(reply.status, 408 | 429 | 500..) || code.as_deref() == Some("temporarily_unavailable");
    let message = format!("{} was refused: {said}", reply.doing);
    let failure = super::failure::failure(reply);
    let kind = match failure.kind {
        CallErrorKind::Throttled => CallErrorKind::Throttled,
        _ if passing => CallErrorKind::Unavailable,
        _ => return CallError { code, request_id: failure.request_id, ..no_credential(message) },
    };
    // The body belongs to the sign-in, not to the call that a flow made.
    CallError { kind, message, code, body: None, ..failure }
}

/// Without a token the call itself was not made, whatever became of the request for the token.
fn nothing_was_done(mut error: CallError) -> CallError {
    if error.kind == CallErrorKind::Unanswered {
        error.kind = CallErrorKind::Unavailable;
    }
    error
}

/// Four fifths of the life of a token, or five minutes before its end where that is earlier. A token that
/// lives ten minutes or less would by the second rule never be kept, so the first alone counts for it.
fn time_to_renewal(life: Duration) -> Duration {
    const EARLY: Duration = Duration::from_secs(300);
    let most_of_it = life * 4 / 5;
    if life > 2 * EARLY { most_of_it.min(life - EARLY) } else { most_of_it }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_is_ahead_of_expiry() {
        // Life and time to renewal, in seconds.
        let cases = [(3599, 2879), (1200, 900), (900, 600), (600, 480), (60, 48), (0, 0)];
        for (life, expected) in cases {
            assert_eq!(time_to_renewal(Duration::from_secs(life)).as_secs(), expected, "{life}");
        }
    }
}
