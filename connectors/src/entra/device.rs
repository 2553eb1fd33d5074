//! Sign-in of a person on another device (RFC 8628): the service gives a code, the person types it in at an address, and
//! meanwhile the service is asked again and again whether that has happened.

use std::time::Duration;

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::grant::{Granted, seconds};
use super::refusal::{self, no_credential, refused};
use crate::client::Reply;
use crate::settings::{Secret, SettingsError, SignIn};

/// What the sign-in is for, in messages.
const DOING: &str = "signing in on another device";

/// The pause between two questions where the service names none, and by how much it grows where that is too short.
const PAUSE: Duration = Duration::from_secs(5);

/// The longest time that is waited for a person.
const LONGEST: u64 = 3600;

/// The sign-in of a person for a connection, which ends with a refresh token where the connection looks for it.
pub struct DeviceSignIn {
    endpoint: Endpoint,
    audience: String,
    source: Secret,
}

/// What the person is asked to do.
#[derive(Debug)]
pub struct DeviceCode {
    /// The address to open.
    pub address: String,
    /// The code to type in there.
    pub code: String,
    /// How long the code is good.
    pub life: Duration,
    device_code: SecretString,
    pause: Duration,
}

#[derive(Deserialize)]
struct Begun {
    user_code: String,
    device_code: SecretString,
    verification_uri: String,
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

/// What became of a code by now.
enum Answer {
    Granted(Granted),
    Waiting,
    TooFast,
}

impl DeviceSignIn {
    /// A sign-in for `audience` by the sign-in service at `login`.
    pub(crate) fn new(
        http: reqwest::Client,
        login: &Url,
        sign_in: SignIn,
        audience: String,
    ) -> Result<DeviceSignIn, SettingsError> {
        match sign_in.refresh_token.clone() {
            Some(source) if source.is_shared() => {
                Ok(DeviceSignIn { endpoint: Endpoint::new(http, login, sign_in)?, audience, source })
            }
            _ => {
                let message = "`sign_in` must say where the refresh token goes: `refresh_token: { file: PATH }` or \
                               `{ keyring: NAME }`";
                Err(SettingsError::SignIn(message.to_owned()))
            }
        }
    }

    /// Where the refresh token goes, in words.
    pub fn place(&self) -> String {
        self.source.place()
    }

    /// Asks for a code.
    ///
    /// # Errors
    ///
    /// The service cannot be reached, or does not take the application.
    pub async fn begin(&self) -> Result<DeviceCode, CallError> {
        let scope = format!("{}/.default offline_access", self.audience);
        let form = vec![("client_id", self.endpoint.sign_in.client_id.clone()), ("scope", scope)];
        let reply = self.endpoint.ask_for_code(&form, DOING).await?;
        if !(200..300).contains(&reply.status()) {
            return Err(refused(&reply).into());
        }
        let begun: Begun = serde_json::from_slice(reply.body()).map_err(|_| reply.unexpected("holds no code"))?;
        let life =
            seconds(&begun.expires_in).ok_or_else(|| reply.unexpected("does not say how long the code lives"))?;
        Ok(DeviceCode {
            address: printable(&begun.verification_uri),
            code: printable(&begun.user_code),
            life: Duration::from_secs(life.min(LONGEST)),
            device_code: begun.device_code,
            pause: seconds(&begun.interval).map_or(PAUSE, |pause| Duration::from_secs(pause.clamp(1, LONGEST))),
        })
    }

    /// Waits until the person has signed in, and writes the refresh token to its place.
    ///
    /// # Errors
    ///
    /// The person declined or took too long, the service refuses the application, or the token cannot be written.
    pub async fn finish(&self, code: &DeviceCode) -> Result<(), CallError> {
        let granted = self.poll(code, tokio::time::sleep).await?;
        let token = granted.refresh_token.ok_or_else(|| {
            CallError::new(CallErrorKind::Unexpected, format!("{DOING}: the service gave no refresh token"))
        })?;
        match self.source.replace(&token) {
            Ok(_) => Ok(()),
            Err(error) => Err(CallError::new(CallErrorKind::Input, error.to_string())),
        }
    }

    /// Asks again and again, as far apart as the service wants. What is waited counts, so this ends in any case.
    async fn poll(&self, code: &DeviceCode, wait: impl AsyncFn(Duration)) -> Result<Granted, CallError> {
        let (mut pause, mut waited) = (code.pause, Duration::ZERO);
        loop {
            waited += pause;
            if waited > code.life {
                return Err(expired());
            }
            wait(pause).await;
            match self.ask(code).await {
                Ok(Answer::Granted(granted)) => return Ok(granted),
                Ok(Answer::Waiting) => {}
                Ok(Answer::TooFast) => pause += PAUSE,
                // A service that is away for a moment is no reason to have the person begin again.
                Err(error) if matches!(error.kind, CallErrorKind::Unavailable | CallErrorKind::Throttled) => {
                    pause += PAUSE;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask(&self, code: &DeviceCode) -> Result<Answer, CallError> {
        let impossible = |error: SettingsError| no_credential(format!("{DOING} is not possible: {error}"));
        let mut form = self.endpoint.application().map_err(impossible)?;
        form.push(("grant_type", "urn:ietf:params:oauth:grant-type:device_code".to_owned()));
        form.push(("device_code", code.device_code.expose_secret().to_owned()));
        answer(&self.endpoint.ask_for_token(&form, DOING).await?)
    }
}

fn answer(reply: &Reply) -> Result<Answer, CallError> {
    if (200..300).contains(&reply.status()) {
        return Ok(Answer::Granted(Granted::read(reply)?));
    }
    let body: Value = serde_json::from_slice(reply.body()).unwrap_or_default();
    match refusal::kind(&body) {
        Some("authorization_pending") => Ok(Answer::Waiting),
        Some("slow_down") => Ok(Answer::TooFast),
        Some("authorization_declined" | "access_denied") => Err(no_credential(format!("{DOING}: the person declined"))),
        Some("expired_token" | "code_expired") => Err(expired()),
        _ => Err(refused(reply).into()),
    }
}

fn expired() -> CallError {
    no_credential(format!("{DOING}: the code was not typed in in time; begin again"))
}

/// The text without characters that would steer a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests;
