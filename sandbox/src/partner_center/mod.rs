//! Partner Center: referrals on one host, webhook registrations on another, events between.
//!
//! A request for a referral goes `routes` → [`Referrals`] (`create`, `patch`, `listing`), which
//! keep the full shape (`shape`) and the state rules (`states`). What changed becomes an event
//! (`events`), which `deliver` signs and posts to the address in `registration`. `portal` is what
//! a person does to deals in the browser.

mod create;
mod deliver;
mod events;
mod listing;
mod patch;
mod portal;
mod referrals;
mod refusal;
mod registration;
mod routes;
mod shape;
mod states;
mod webhook_routes;

pub(crate) use deliver::{Deliveries, Switches, switch};
pub(crate) use portal::{Deal, change_deal, make_deal};
pub(crate) use referrals::Referrals;
pub(crate) use refusal::Refusal;
pub(crate) use registration::Webhooks;
pub(crate) use routes::router as referral_router;
pub(crate) use webhook_routes::router as webhook_router;
