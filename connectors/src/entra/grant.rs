//! What the sign-in service grants.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::refusal::{SignInError, refused};
use crate::client::Reply;

/// The longest life of a token that is believed, in seconds.
const DAY: u64 = 86_400;

/// The life of a token that is taken where the answer does not say one, in seconds: shorter than any that the service
/// gives. To refuse such an answer would lose the refresh token in it, and the one before may be used up.
const UNSAID: u64 = 300;

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
    #[serde(default)]
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
        let life = seconds(&body.expires_in).unwrap_or(UNSAID).min(DAY);
        Ok(Granted { token: body.access_token, refresh_token: body.refresh_token, life: Duration::from_secs(life) })
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
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn d21_seconds_are_a_number_or_a_text() {
        let cases = [
            (r#"{"access_token":"t","expires_in":3599}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":"3599"}"#, Some(3599)),
            (r#"{"access_token":"t","expires_in":99999999}"#, Some(DAY)),
            (r#"{"expires_in":3599}"#, None),
        ];
        for (body, expected) in cases {
            let life = Granted::read(&Reply::for_test(200, body)).ok().map(|granted| granted.life.as_secs());
            assert_eq!(life, expected, "{body}");
        }
    }

    #[test]
    fn d20_a_refresh_token_is_not_lost_where_the_life_is_not_said() {
        for said in ["", r#","expires_in":"soon""#, r#","expires_in":null"#, r#","expires_in":-1"#] {
            let body = format!(r#"{{"access_token":"t","refresh_token":"newer"{said}}}"#);
            let granted = Granted::read(&Reply::for_test(200, &body)).unwrap();
            assert_eq!(granted.life.as_secs(), UNSAID, "{body}");
            assert!(granted.refresh_token.is_some(), "{body}");
        }
    }
}
