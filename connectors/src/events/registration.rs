//! `view_registration`, `register`, `update_registration` and `list_events`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use reqwest::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api;
use crate::client::Client;
use crate::connection::Connection;

/// Reads the tenant's registration.
pub struct ViewRegistration(Connection<Client>);

/// Registers an address. When the tenant has another registration already, that is a conflict.
///
/// A repeat is harmless: the service refuses a second registration, and one that says the same is the result. The
/// window that remains is somebody else's registration between the attempts, which is a conflict.
pub struct Register(Connection<Client>);

/// Registers another address or other events. What was registered before is gone, for every environment
/// and tool of the tenant: look at it first.
///
/// A repeat is harmless: it writes the same again. The window that remains: what somebody else registers between the
/// attempts is gone.
pub struct UpdateRegistration(Connection<Client>);

/// Lists the events that the tenant can register.
pub struct ListEvents(Connection<Client>);

/// No input.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What to register.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterInput {
    /// The public address that events are sent to.
    pub url: String,
    /// The names of all events that are wanted.
    pub events: Vec<String>,
}

/// A registration.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Registration {
    /// Whether there is one.
    pub registered: bool,
    /// The address that events are sent to.
    pub url: Option<String>,
    /// The names of the events.
    pub events: Vec<String>,
}

/// Names of events.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventNames {
    /// The names.
    pub events: Vec<String>,
}

impl ViewRegistration {
    pub(super) fn new(connection: &Connection<Client>) -> ViewRegistration {
        ViewRegistration(connection.clone())
    }
}

impl Register {
    pub(super) fn new(connection: &Connection<Client>) -> Register {
        Register(connection.clone())
    }
}

impl UpdateRegistration {
    pub(super) fn new(connection: &Connection<Client>) -> UpdateRegistration {
        UpdateRegistration(connection.clone())
    }
}

impl ListEvents {
    pub(super) fn new(connection: &Connection<Client>) -> ListEvents {
        ListEvents(connection.clone())
    }
}

impl Registration {
    /// Whether it has the same address and events, in whatever order.
    fn says_the_same(&self, other: &Registration) -> bool {
        let names = |registration: &Registration| registration.events.iter().cloned().collect::<BTreeSet<String>>();
        self.url == other.url && names(self) == names(other)
    }
}

#[async_trait]
impl Operation for ViewRegistration {
    const NAME: &'static str = "view_registration";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = Nothing;
    type Output = Registration;

    async fn call(&self, key: &CallKey, _: Nothing) -> Result<Registration, CallError> {
        match self.0.bound()?.send(&api::traced(api::view(), key)).await {
            Ok(reply) => api::read_registration(&reply),
            Err(error) if error.kind == CallErrorKind::NotFound => Ok(Registration::default()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Operation for Register {
    const NAME: &'static str = "register";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = RegisterInput;
    type Output = Registration;

    async fn call(&self, key: &CallKey, input: RegisterInput) -> Result<Registration, CallError> {
        let client = self.0.bound()?;
        let wanted = Registration { registered: true, url: Some(input.url.clone()), events: input.events.clone() };
        let refused = match write(client, key, Method::POST, input).await {
            Err(error) if error.kind == CallErrorKind::Conflict => error,
            result => return result,
        };
        let there = api::read_registration(&client.send(&api::traced(api::view(), key)).await?)?;
        if there.says_the_same(&wanted) { Ok(wanted) } else { Err(refused) }
    }
}

#[async_trait]
impl Operation for UpdateRegistration {
    const NAME: &'static str = "update_registration";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = RegisterInput;
    type Output = Registration;

    async fn call(&self, key: &CallKey, input: RegisterInput) -> Result<Registration, CallError> {
        write(self.0.bound()?, key, Method::PUT, input).await
    }
}

#[async_trait]
impl Operation for ListEvents {
    const NAME: &'static str = "list_events";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = Nothing;
    type Output = EventNames;

    async fn call(&self, key: &CallKey, _: Nothing) -> Result<EventNames, CallError> {
        let reply = self.0.bound()?.send(&api::traced(api::event_names(), key)).await?;
        Ok(EventNames { events: api::read_event_names(&reply)? })
    }
}

async fn write(
    client: &Client,
    key: &CallKey,
    method: Method,
    input: RegisterInput,
) -> Result<Registration, CallError> {
    let request = api::write(method, &input.url, &input.events);
    client.send(&api::traced(request, key)).await?;
    // What was sent is what holds now; answers differ in what they repeat of it.
    Ok(Registration { registered: true, url: Some(input.url), events: input.events })
}
