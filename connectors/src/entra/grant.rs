//! What the sign-in service grants.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::refusal::{SignInError, refused};
use crate::client::Reply;

/// The longest life of a token that is believed.
const DAY: u64 = 86_400;

/// A token, and what came with it.
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) life: Duration,
}

#[derive(Deserialize)]
struct GrantedBody {
    access_token: SecretString,
    /// Seconds: a number in the newer form of the answer, a text in the older.
    expires_in: Value,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

impl Granted {
    /// What the answer grants, or why it does not.
    pub(super) fn read(reply: &Reply) -> Result<Granted, SignInError> {
        if !(200..300).contains(&reply.status()) {
            return Err(refused(reply));
        }
        let body: GrantedBody = serde_json::from_slice(reply.body()).map_err(|_| reply.unexpected("holds no token"))?;
        let seconds =
            seconds(&body.expires_in).ok_or_else(|| reply.unexpected("does not say how long the token lives"))?;
        Ok(Granted {
            token: body.access_token,
            refresh_token: body.refresh_token,
            life: Duration::from_secs(seconds.min(DAY)),
        })
    }
}

/// Seconds, as a number or as a text.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d21_seconds_are_a_number_or_a_text() {
        let cases = [
            (r#"{"access_token":"t","expires_in":3599}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":"3599"}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":99999999}"#, Some(DAY)),
            (r#"{"access_token":"t","expires_in":"soon"}"#, None),
            (r#"{"access_token":"t"}"#, None),
            (r#"{"expires_in":3599}"#, None),
        ];
        for (body, expected) in cases {
            let life = Granted::read(&Reply::for_test(200, body)).ok().map(|granted| granted.life.as_secs());
            assert_eq!(life, expected, "{body}");
        }
    }
}
