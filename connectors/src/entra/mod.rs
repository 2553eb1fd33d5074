//! Sign-in at Microsoft Entra ID.
//!
//! The path to a token: [`Tokens`] (kept, renewed ahead of its end) → the form with the application's proof
//! (`endpoint.rs`; by a certificate: `assertion.rs`) and the person's refresh token (`refresh.rs`) → the answer, which is
//! a token (`grant.rs`) or a refusal in plain words (`refusal.rs`). [`DeviceSignIn`] has a person sign in, for the
//! first refresh token.
//!
//! The endpoints are made from `login_url` and the tenant, as the service documents them; they are not looked up, since
//! an address that comes out of an answer would get the application's secret.

mod assertion;
mod device;
mod endpoint;
mod grant;
mod refresh;
mod refusal;
mod tokens;

pub use device::{DeviceCode, DeviceSignIn};
pub(crate) use refusal::SignInError;
pub(crate) use tokens::{Token, Tokens};
