//! Partner Center's events: the registration of an address, and what arrives there.
//!
//! | operation | what it does |
//! |---|---|
//! | `view_registration` | the address that is registered, if any |
//! | `register`, `update_registration` | register an address, or another |
//! | `list_events` | the events that can be registered |
//! | `request_validation`, `validation_result` | have a test event sent, and see how that went |
//!
//! The trigger `referral` receives the events, or asks the referrals service what changed. The way of an
//! event: `receiver.rs` (bounds, headers) → `certificate.rs` (fetched, chained to a trusted root, of the
//! right name) → signature over the raw body → `notification.rs` (only now is the body read).

pub(crate) mod api;
mod certificate;
mod notification;
mod poll;
mod receiver;
mod registration;
mod settings;
mod trigger;
mod validation;

use cosell_engine::connector::Connector;

pub use registration::{
    EventNames, ListEvents, Nothing, Register, RegisterInput, Registration, UpdateRegistration, ViewRegistration,
};
pub use settings::EventsSettings;
pub use trigger::{ReferralEvent, ReferralTrigger, ReferralTriggerBody, ReferralTriggerInput};
pub use validation::{
    Attempt, RequestValidation, ValidationReport, ValidationRequested, ValidationResult, ValidationResultInput,
};

use crate::client::Client;
use crate::connection::Connection;
use crate::settings::SettingsError;
pub(crate) use notification::REFERRAL_EVENTS;
use receiver::Receiver;

/// The connector `events`; its trigger polls through the connection to the referrals.
pub(crate) fn connector(
    events: &Connection<Client>,
    receiver: Connection<Receiver>,
    partner_center: &Connection<Client>,
) -> Connector {
    Connector::new("events")
        .with(ViewRegistration::new(events))
        .with(Register::new(events))
        .with(UpdateRegistration::new(events))
        .with(ListEvents::new(events))
        .with(RequestValidation::new(events))
        .with(ValidationResult::new(events))
        .with_trigger(ReferralTrigger::new(receiver, partner_center))
}

/// What checks the requests that come in.
pub(crate) fn receiver(settings: &EventsSettings) -> Result<Receiver, SettingsError> {
    Receiver::new(settings)
}

#[cfg(test)]
mod tests;
