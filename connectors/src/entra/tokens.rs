//! Tokens for one audience, a connection's.
//!
//! A token is kept until four fifths of its life are over. Whoever finds none asks for one while the
//! others wait for the answer, so that a burst of calls makes one request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::Instrument;

use super::endpoint::Endpoint;
use super::grant::Granted;
use super::refresh::{Current, RefreshToken};
use super::refusal::{SignInError, no_credential};
use crate::settings::{SettingsError, SignIn};

/// The turn of those whose refresh token others may use. It comes once an hour and lasts as long as one request.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The tokens for one audience.
pub(crate) struct Tokens {
    source: Arc<Source>,
    state: Arc<Mutex<State>>,
}

/// Where the tokens come from.
struct Source {
    endpoint: Endpoint,
    audience: String,
}

/// A token as calls carry it, and when it is time for the next.
#[derive(Clone)]
pub(crate) struct Token {
    header: HeaderValue,
    renew_at: Instant,
}

struct State {
    token: Option<Token>,
    /// How the last attempt to get one failed, and when. Who waited for it meanwhile is told the same, and does not try
    /// once more behind it.
    failed: Option<(Instant, SignInError)>,
    /// That of the person in whose name calls are made.
    refresh: Option<RefreshToken>,
}

impl Token {
    fn new(granted: &Granted) -> Result<Token, CallError> {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", granted.token.expose_secret()))
            .map_err(|_| CallError::new(CallErrorKind::Denied, "the token holds characters that no header may"))?;
        header.set_sensitive(true);
        Ok(Token { header, renew_at: Instant::now() + time_to_renewal(granted.life) })
    }

    /// The value of `Authorization`; it does not print itself.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// What the token says of itself. It is made for the service and may be unreadable to anybody else, so nothing but
    /// advice may depend on this.
    pub(crate) fn claims(&self) -> Option<Value> {
        let claims = self.header.to_str().ok()?.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

impl Tokens {
    /// Tokens for `audience`, from the sign-in service at `login`.
    pub(crate) fn new(
        http: reqwest::Client,
        login: &Url,
        sign_in: SignIn,
        audience: String,
    ) -> Result<Tokens, SettingsError> {
        let refresh = sign_in.refresh_token.clone().map(RefreshToken::at);
        let endpoint = Endpoint::new(http, login, sign_in)?;
        let state = Arc::new(Mutex::new(State { token: None, failed: None, refresh }));
        Ok(Tokens { source: Arc::new(Source { endpoint, audience }), state })
    }

    /// What the tokens are for.
    pub(crate) fn audience(&self) -> &str {
        &self.source.audience
    }

    /// A token that is good for a while yet; `doing` is what it is needed for.
    pub(crate) async fn current(&self, doing: &str) -> Result<Token, SignInError> {
        let came = Instant::now();
        let state = Arc::clone(&self.state).lock_owned().await;
        match &state.token {
            Some(token) if token.renew_at > Instant::now() => Ok(token.clone()),
            _ => self.fetched(state, came, doing).await,
        }
    }

    /// Another token than the one that was refused. Somebody else may have fetched it already.
    pub(crate) async fn renewed(&self, refused: &Token, doing: &str) -> Result<Token, SignInError> {
        let came = Instant::now();
        let state = Arc::clone(&self.state).lock_owned().await;
        match &state.token {
            Some(token) if token.header != refused.header => Ok(token.clone()),
            _ => self.fetched(state, came, doing).await,
        }
    }

    /// Fetches a token in a task of its own: a call may be given up while it waits, and a newer refresh token that comes
    /// then must not be lost.
    async fn fetched(
        &self,
        mut state: OwnedMutexGuard<State>,
        came: Instant,
        doing: &str,
    ) -> Result<Token, SignInError> {
        if let Some((_, failed)) = state.failed.as_ref().filter(|(at, _)| *at >= came) {
            return Err(failed.clone());
        }
        let (source, doing) = (Arc::clone(&self.source), doing.to_owned());
        let task = async move {
            let fetched = source.fetch(&mut state, &doing).await;
            state.failed = fetched.as_ref().err().map(|failed| (Instant::now(), failed.clone()));
            fetched
        };
        tokio::spawn(task.in_current_span()).await.unwrap_or_else(|_| {
            Err(CallError::new(CallErrorKind::Unavailable, "signing in was broken off, since the program ends").into())
        })
    }
}

impl Source {
    /// The next token, which is kept from then on.
    async fn fetch(&self, state: &mut State, doing: &str) -> Result<Token, SignInError> {
        let doing = format!("{doing}: signing in to `{}`", self.audience);
        let granted = match &mut state.refresh {
            Some(refresh) => self.for_person(refresh, &doing).await?,
            None => self.ask(None, &doing).await?,
        };
        let token = Token::new(&granted)?;
        state.token = Some(token.clone());
        Ok(token)
    }

    /// A token in the name of the person. Where the refresh token was refused, another engine may have used it up and
    /// put the next one in its place, or a person may have signed in again: then that one is tried.
    async fn for_person(&self, refresh: &mut RefreshToken, doing: &str) -> Result<Granted, SignInError> {
        // Connections that share a refresh token would use the same token up side by side, if they could.
        let _turn = if refresh.is_shared() { Some(ONE_AT_A_TIME.lock().await) } else { None };
        let mut used = refresh.current().map_err(|error| impossible(doing, &error))?;
        let mut granted = self.ask(Some(&used), doing).await;
        let is_refusal = matches!(&granted, Err(failed) if failed.error.kind == CallErrorKind::Denied);
        if is_refusal && refresh.has_changed(&used) {
            used = refresh.current().map_err(|error| impossible(doing, &error))?;
            granted = self.ask(Some(&used), doing).await;
        }
        let mut granted = granted?;
        if let Some(newest) = granted.refresh_token.take() {
            refresh.replace(used, newest);
        }
        Ok(granted)
    }

    async fn ask(&self, refresh: Option<&Current>, doing: &str) -> Result<Granted, SignInError> {
        let mut form = self.endpoint.application().map_err(|error| impossible(doing, &error))?;
        let scope = format!("{}/.default", self.audience);
        match refresh {
            Some(refresh) => {
                form.push(("grant_type", "refresh_token".to_owned()));
                form.push(("refresh_token", refresh.token.expose_secret().to_owned()));
                form.push(("scope", format!("{scope} offline_access")));
            }
            None => {
                form.push(("grant_type", "client_credentials".to_owned()));
                form.push(("scope", scope));
            }
        }
        Granted::read(&self.endpoint.ask_for_token(&form, doing).await?)
    }
}

/// The sign-in cannot even be tried.
fn impossible(doing: &str, error: &SettingsError) -> SignInError {
    no_credential(format!("{doing} is not possible: {error}")).into()
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
