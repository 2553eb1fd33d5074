//! Everything of cosell that talks to a service.
//!
//! The tour:
//!
//! - [`settings`]: what an environment file says under `connections:` – addresses and how to sign in.
//! - `entra`: signing in: tokens by secret, certificate and refresh token, and a person on another device.
//! - `client`: one HTTP client a connection, with its tokens, its deadline and one rule that turns an
//!   answer into a [`CallError`](cosell_engine::connector::CallError).
//! - [`partner_center`], [`events`], [`dataverse`] and [`http`]: one folder a service, each with its list
//!   of operations in `mod.rs`, its settings in `settings.rs`, and in `api.rs` the plain functions that
//!   build requests and read answers and are tested without a server.
//!
//! [`doctor`] looks whether all this can be used, and if not, why.
//!
//! [`standard`] makes the connectors of an environment. A connector whose connection is not bound is there
//! all the same, since its schemas are needed to check flows; its calls are denied.
//!
//! Absent on purpose: retries. The engine repeats calls, so that every attempt is on record. The one
//! exception is a token that was refused, which is renewed once within a call.

mod client;
mod connection;
mod cursor;
pub mod dataverse;
pub mod doctor;
mod entra;
pub mod events;
pub mod http;
mod in_step;
mod odata;
pub mod partner_center;
mod record;
pub mod settings;
#[cfg(test)]
mod test_server;

use std::time::Duration;

use cosell_engine::connector::{Connector, Connectors};

pub use entra::{DeviceCode, DeviceSignIn};
pub use record::{Record, Row};
pub use settings::{AssertionAlgorithm, Connections, LimitSettings, Secret, SettingsError, SignIn};

use connection::Connection;

/// The connectors that a pack may name, bound to the connections of an environment.
///
/// Nothing is sent and no secret is read here; that happens at the first call.
///
/// # Errors
///
/// An address that is no address, or a file of certificates that cannot be read.
pub fn standard(connections: &Connections) -> Result<Connectors, SettingsError> {
    let partner_center = Connection::of(
        "partner_center",
        match &connections.partner_center {
            Some(settings) => Some(settings.client()?),
            None => None,
        },
    );
    let events = Connection::of(
        "events",
        match &connections.events {
            Some(settings) => Some(settings.client()?),
            None => None,
        },
    );
    let dataverse = Connection::of(
        "dataverse",
        match &connections.dataverse {
            Some(settings) => Some(settings.service()?),
            None => None,
        },
    );
    let receiver = Connection::of(
        "events",
        match &connections.events {
            Some(settings) => Some(events::receiver(settings)?),
            None => None,
        },
    );
    let referrals = connections.partner_center.as_ref().map(|settings| &settings.limits);
    let registration = connections.events.as_ref().map(|settings| &settings.limits);
    let crm = connections.dataverse.as_ref().map(|settings| &settings.limits);
    Ok(Connectors::new([
        limited(partner_center::connector(&partner_center), referrals),
        limited(events::connector(&events, receiver, &partner_center), registration),
        limited(dataverse::connector(&dataverse), crm),
        http::connector()?,
    ]))
}

fn limited(connector: Connector, limits: Option<&LimitSettings>) -> Connector {
    match limits {
        Some(limits) => limits.apply(connector),
        None => connector,
    }
}

/// The deadline of one request where settings do not name one.
const DEADLINE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use cosell_engine::connector::{CallErrorKind, CallKey, Effect};
    use serde_json::json;

    use super::*;

    #[test]
    fn all_operations_are_there_without_connections() {
        let connectors = standard(&Connections::default()).unwrap();
        let names: Vec<String> = connectors
            .iter()
            .flat_map(|connector| {
                let operations = connector.operations().map(|operation| operation.name());
                let triggers = connector.triggers().map(|trigger| trigger.name());
                operations.chain(triggers).map(|name| format!("{}.{name}", connector.name())).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(names.len(), 26, "{names:?}");
        for connector in connectors.iter() {
            for operation in connector.operations() {
                let updates = operation.input_schema()["properties"].get("if_match").is_some();
                assert!(!updates || operation.effect() == Effect::Writes, "{}", operation.name());
            }
        }
    }

    #[test]
    fn a_referral_has_a_closed_schema() {
        let connectors = standard(&Connections::default()).unwrap();
        let connector = connectors.get("partner_center").unwrap();
        let output = connector.operation("get_referral").unwrap().output_schema();
        for pointer in [
            "/properties/eTag",
            "/properties/details/properties/dealValue",
            "/properties/consent/properties/consentToToShareInfoWithOthers",
            "/properties/trackingInfo/properties/microsoftUSFedLeadId",
            "/properties/customerProfile/properties/address/properties/addressLine1",
        ] {
            assert!(output.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(output["additionalProperties"], json!(false));
    }

    #[tokio::test]
    async fn a_call_without_a_connection_is_denied() {
        let connectors = standard(&Connections::default()).unwrap();
        let key = CallKey::new("run", "step", "call");
        let cases = [
            ("partner_center.get_referral", json!({ "id": "1" }), "`partner_center`"),
            ("events.view_registration", json!({}), "`events`"),
            ("dataverse.get_row", json!({ "table": "account", "id": "1" }), "`dataverse`"),
        ];
        for (name, input, expected) in cases {
            let error = connectors.operation(name).unwrap().call_any(&key, &input).await.unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Denied, "{name}");
            assert!(error.message.contains(expected), "{name}: {error}");
        }
        let trigger = connectors.trigger("events.referral").unwrap();
        let refusal = trigger.receive_any(&cosell_engine::connector::Incoming::default()).await.unwrap_err();
        assert_eq!(refusal.status, 404);
    }
}
