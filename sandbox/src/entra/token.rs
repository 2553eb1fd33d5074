//! Tokens as signed documents, which libraries read: JSON Web Tokens with RS256.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::SandboxError;

/// The key that signs tokens, and its public half for the service's list of keys.
pub(super) struct TokenKey {
    key: KeyPair,
    id: String,
}

impl TokenKey {
    /// The key of all sandboxes of this process: it takes long to make.
    pub(super) fn shared() -> Result<Arc<TokenKey>, SandboxError> {
        static KEY: OnceLock<Arc<TokenKey>> = OnceLock::new();
        if let Some(key) = KEY.get() {
            return Ok(Arc::clone(key));
        }
        let failed = |error: aws_lc_rs::error::Unspecified| SandboxError::Certificates(error.to_string());
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let id = base64(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key().as_ref()).as_ref());
        let made = Arc::new(TokenKey { key, id });
        Ok(Arc::clone(KEY.get_or_init(|| made)))
    }

    /// The public half as a JSON Web Key.
    pub(super) fn public(&self, issuer: &str) -> Value {
        let key = self.key.public_key();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "x5t": self.id, "issuer": issuer,
            "n": base64(key.modulus().big_endian_without_leading_zero()),
            "e": base64(key.exponent().big_endian_without_leading_zero()),
        })
    }

    /// A token with these claims. Where the key cannot sign, the signature is empty and nobody will trust it.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": self.id, "x5t": self.id});
        let signed = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        if self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).is_err() {
            signature.clear();
        }
        format!("{signed}.{}", base64(&signature))
    }
}

/// Base64 as tokens have it.
pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
