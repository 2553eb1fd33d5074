//! What stands in a token, and in the answer that brings it.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::audience::Asked;
use super::grants::{Version, joined};
use super::{Caller, Entra};

impl Entra {
    /// A token for a service, and what is said of it.
    pub(super) fn access_token(&mut self, version: Version, asked: &Asked, caller: Caller) -> Value {
        let now = self.clock.now();
        let expires = now.checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let claims = joined(self.times(version, &asked.resource, now, expires), self.claims(version, asked, caller));
        let token = self.key.sign(&claims);
        self.remember(token.clone(), asked.audience, caller, expires);
        let life = self.lifetime.as_secs();
        match version {
            Version::V1 => json!({
                "token_type": "Bearer", "expires_in": life.to_string(), "ext_expires_in": life.to_string(),
                "expires_on": expires.as_second().to_string(), "not_before": now.as_second().to_string(),
                "resource": asked.resource, "access_token": token,
            }),
            Version::V2 => json!({
                "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token,
            }),
        }
    }

    /// Who signed in, for the application.
    pub(super) fn id_token(&self, version: Version) -> String {
        let now = self.clock.now();
        let expires = now.checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let person = &self.person;
        let claims = json!({
            "name": person.name, "preferred_username": person.email, "upn": person.email, "oid": person.id,
            "sub": person.id,
        });
        self.key.sign(&joined(self.times(version, &self.credentials.client_id, now, expires), claims))
    }

    /// The claims that every token has.
    fn times(&self, version: Version, audience: &str, now: Timestamp, expires: Timestamp) -> Value {
        let second = now.as_second();
        json!({
            "aud": audience, "iss": self.issuer(version), "iat": second, "nbf": second, "exp": expires.as_second(),
            "tid": self.credentials.tenant, "uti": Uuid::new_v4(), "ver": version.written(),
        })
    }

    /// Who the token stands for. How the person signed in is in `amr`, MFA included.
    fn claims(&self, version: Version, asked: &Asked, caller: Caller) -> Value {
        let application = match version {
            Version::V1 => "appid",
            Version::V2 => "azp",
        };
        let mut claims = json!({application: self.credentials.client_id});
        let Caller::User { mfa } = caller else {
            claims["idtyp"] = json!("app");
            claims["oid"] = json!(self.credentials.client_id);
            claims["sub"] = json!(self.credentials.client_id);
            claims["roles"] = json!([]);
            return claims;
        };
        let person = &self.person;
        let how = if mfa { json!(["pwd", "mfa"]) } else { json!(["pwd"]) };
        let rest = json!({
            "idtyp": "user", "oid": person.id, "sub": person.id, "name": person.name, "upn": person.email,
            "scp": asked.granted().join(" "), "amr": how,
        });
        joined(claims, rest)
    }
}
